import type { Configuration } from '#runtime';
import { type Surroundings, WrongUsage } from './command.js';

/** What commands need of the service's settings: a command serves nothing, so what is careless in a server does not stop it. */
const NAMES = ['DATA_DIR', 'EVENT_STORE_URL', 'READ_STORE_URL', 'VAULT_MASTER_KEY', 'LOG_LEVEL'];

/** The stores' settings, checked as the service checks them. @throws WrongUsage */
export async function readSettings({ environment }: Surroundings): Promise<Configuration> {
  const { ConfigurationRefused, readConfiguration } = await import('#runtime');
  try {
    return readConfiguration(Object.fromEntries(NAMES.map((name) => [name, environment[name]])));
  } catch (error) {
    if (error instanceof ConfigurationRefused) throw new WrongUsage(error.faults.join(' '));
    throw error;
  }
}

import { answerWhileWaiting } from './answer-while-waiting.js';
import type { Configuration } from './configuration.js';
import { linkSandbox } from './linked-sandbox.js';
import { createLogger } from './observability.js';
import type { Running } from './run-until-signal.js';
import { startService } from './service.js';
import { openStores } from './stores.js';

/** One of several processes: the roles of its configuration, over the stores that all of them share. */
export async function startRoles(configuration: Configuration): Promise<Running & { readonly url: string }> {
  const { roles, PORT: port, HOST: host } = configuration;
  const logger = createLogger(configuration);
  // A port that the system is to choose is not known before the service listens.
  const waiting = port === 0 ? null : await answerWhileWaiting(port, host);
  const sandbox = await linkSandbox(configuration, logger);
  const stores = await openStores(configuration, logger);
  const beforeListening = (): Promise<void> => waiting?.close() ?? Promise.resolve();
  const service = await startService({ configuration, roles, stores, logger, sandbox, beforeListening });
  const { url, hasPage } = service;
  const lines = [`Social Accounts (${roles.join(', ')}) listens on ${url}`];
  if (sandbox) lines.push(`The sandbox:     ${sandbox.publicUrl}  (stand-ins of the platforms; nothing here is real)`);
  if (hasPage) lines.push(`The page:        ${url}/`);
  return {
    url,
    lines,
    close: async () => {
      await service.close();
      await sandbox?.close();
      await stores.close();
    },
  };
}

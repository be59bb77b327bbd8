import type { Configuration } from './configuration.js';
import { createLogger } from './observability.js';
import type { Running } from './run-until-signal.js';
import { startService } from './service.js';
import { openStores } from './stores.js';

/** One of several processes: the roles of its configuration, over the stores that all of them share. */
export async function startRoles(configuration: Configuration): Promise<Running & { readonly url: string }> {
  const { roles } = configuration;
  const logger = createLogger(configuration);
  const stores = await openStores(configuration, logger);
  const service = await startService({ configuration, roles, stores, logger, sandbox: null });
  const { url, hasPage } = service;
  const lines = [`Social Accounts (${roles.join(', ')}) listens on ${url}`];
  if (hasPage) lines.push(`The page:        ${url}/`);
  return {
    url,
    lines,
    close: async () => {
      await service.close();
      await stores.close();
    },
  };
}

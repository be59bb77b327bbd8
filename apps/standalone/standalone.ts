import {
  ALL_ROLES,
  type Configuration,
  createLogger,
  openStores,
  startService,
  type Service,
  type ServiceOptions,
} from '#runtime';
import { startSandbox } from '../sandbox/index.js';
import { asSandboxPart } from './sandbox-part.js';

export interface Standalone extends Pick<Service, 'url' | 'hasPage' | 'runners'> {
  readonly sandboxUrl: string | null;
  readonly close: () => Promise<void>;
}

/** Everything in one process: embedded stores, all roles, the page, and the sandbox where it is on. */
export async function startStandalone(
  configuration: Configuration,
  modules: NonNullable<ServiceOptions['modules']> = [],
): Promise<Standalone> {
  const logger = createLogger(configuration);
  const stores = await openStores(configuration, logger);
  const { HOST: host, SANDBOX_PORT: port, DATA_DIR: dataDir } = configuration;
  const sandbox = configuration.sandboxIsOn ? await startSandbox({ port, host, dataDir }) : null;
  const part = sandbox && asSandboxPart(sandbox);
  const service = await startService({ configuration, stores, logger, sandbox: part, roles: ALL_ROLES, modules });
  return {
    url: service.url,
    hasPage: service.hasPage,
    runners: service.runners,
    sandboxUrl: sandbox?.url ?? null,
    close: async () => {
      await service.close();
      await sandbox?.close();
      await stores.close();
    },
  };
}

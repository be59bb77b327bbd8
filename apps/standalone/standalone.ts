import type { Logger } from 'pino';
import {
  ALL_ROLES,
  type Configuration,
  createLogger,
  linkSandbox,
  openStores,
  startService,
  type SandboxPart,
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
  const sandbox = await openSandbox(configuration, logger);
  const service = await startService({
    configuration,
    stores,
    logger,
    sandbox: sandbox?.part ?? null,
    roles: ALL_ROLES,
    modules,
  });
  return {
    url: service.url,
    hasPage: service.hasPage,
    runners: service.runners,
    sandboxUrl: sandbox?.part.publicUrl ?? null,
    close: async () => {
      await service.close();
      await sandbox?.close();
      await stores.close();
    },
  };
}

interface OpenSandbox {
  readonly part: SandboxPart;
  close(): Promise<void>;
}

/** The sandbox that this process carries, or the one on its own that it is told of. */
async function openSandbox(configuration: Configuration, logger: Logger): Promise<OpenSandbox | null> {
  const linked = await linkSandbox(configuration, logger);
  if (linked) return { part: linked, close: () => linked.close() };
  if (!configuration.sandboxIsOn) return null;
  const { HOST: host, SANDBOX_PORT: port, DATA_DIR: dataDir } = configuration;
  const sandbox = await startSandbox({ port, host, dataDir });
  return { part: asSandboxPart(sandbox), close: () => sandbox.close() };
}

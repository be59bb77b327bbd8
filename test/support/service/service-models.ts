import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReadModel } from '#kernel';
import { readConfiguration } from '#runtime';
import { startStandalone } from '../../../apps/standalone/standalone.js';
import { environmentFor } from './in-process-service.js';

/** The read models and automations that the service runs, taken from a service, so that none is forgotten. */
export async function modelsOfService(): Promise<readonly ReadModel[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'social-accounts-models-'));
  const service = await startStandalone(readConfiguration(await environmentFor(dataDir, {})));
  const { models } = service.runners;
  await service.close();
  rmSync(dataDir, { recursive: true, force: true });
  return models;
}

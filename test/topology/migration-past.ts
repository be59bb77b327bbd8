import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer } from '../support/service/browser.js';
import { InProcessService } from '../support/service/in-process-service.js';
import { connect, createWorkspace, expectStatus, listAccounts, removeAccount } from '../support/service/steps.js';
import { addEvents } from './further-events.js';

export const WORKSPACE_KEY = 'migrated-workspace';
export const WORKSPACE_BODY = { name: 'Corner Shop', timezone: 'Europe/Vienna' };

/** A data directory that a service has worked in, with what its caller remembers of it. */
export interface Past {
  readonly dataDir: string;
  readonly masterKey: string;
  readonly workspaceId: string;
  /** The answer to a request with an Idempotency-Key. */
  readonly created: Answer<{ readonly id: string; readonly position: string }>;
  readonly accounts: number;
  readonly names: readonly string[];
}

/** A real service's data, and a great many further events. */
export async function makePast(furtherEvents: number): Promise<Past> {
  const service = await InProcessService.start();
  const owner = await service.as('owner');
  const created = expectStatus(
    await owner.post<{ id: string; position: string }>('/v1/workspaces', WORKSPACE_BODY, {
      'idempotency-key': WORKSPACE_KEY,
    }),
    201,
  );
  const workspaceId = created.body.id;
  const pages = await connect(owner, workspaceId, { platform: 'facebook' }, { pick: ['Ada Bakery', 'Ada Books'] });
  await removeAccount(owner, workspaceId, pages[0] ?? '');
  await createWorkspace(owner, 'Another');
  await service.restart();
  const { items } = await listAccounts(await service.as('owner'), workspaceId);
  await service.close();
  const masterKey = readFileSync(join(service.dataDir, 'vault.key'), 'utf8').trim();
  const accounts = await addEvents(service.dataDir, furtherEvents);
  return {
    dataDir: service.dataDir,
    masterKey,
    workspaceId,
    created,
    accounts,
    names: items.map(({ name }) => name),
  };
}

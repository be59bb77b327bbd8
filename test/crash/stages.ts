import type { Connection } from '#contract';
import type { Person } from '../support/service/person.js';
import type { ServiceUnderTest } from '../support/service/service-under-test.js';
import { attempt, connect, createWorkspace } from '../support/service/steps.js';

/** A workspace with its owner. */
export interface Site {
  readonly owner: Person;
  readonly workspaceId: string;
}

/** A workspace in which something can be selected and something removed. */
export interface Stage extends Site {
  /** A consent that waits for its selection: three Pages of one login. */
  readonly authorized: Connection;
  /** Connected accounts: one that is its grant's only one, and two of another grant. */
  readonly sole: string;
  readonly pair: readonly [string, string];
}

/** The candidates that can be picked. */
export const selectableOf = (connection: Connection): readonly string[] =>
  (connection.candidates ?? []).filter(({ selectable }) => selectable).map(({ candidateId }) => candidateId);

/** Makes stages side by side, each with an owner and browser of its own. */
export function prepareStages(service: ServiceUnderTest, count: number): Promise<readonly Stage[]> {
  return Promise.all(Array.from({ length: count }, () => prepareStage(service)));
}

/** Makes empty workspaces, so that commands to many streams are under way at once. */
export async function prepareSites(service: ServiceUnderTest, count: number): Promise<readonly Site[]> {
  const owner = await service.as('ada');
  return Promise.all(Array.from({ length: count }, async () => ({ owner, workspaceId: await createWorkspace(owner) })));
}

async function prepareStage(service: ServiceUnderTest): Promise<Stage> {
  const owner = await service.as('ada');
  const workspaceId = await createWorkspace(owner);
  const [sole] = await connect(owner, workspaceId, { platform: 'facebook' }, { identity: 'ben', pick: ['Ben Bikes'] });
  const [one, other] = await connect(
    owner,
    workspaceId,
    { platform: 'linkedin' },
    { identity: 'ada', pick: ['Ada Adams', 'Ada Group'] },
  );
  const authorized = await attempt(owner, workspaceId, { platform: 'facebook' }, { identity: 'ada' });
  if (!sole || !one || !other || selectableOf(authorized).length !== 3) throw new Error('A stage is not complete.');
  return { owner, workspaceId, authorized, sole, pair: [one, other] };
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isAutomation, parseStreamName, Streams, type DataKey, type ReadModel, type RecordedEvent } from '#kernel';
import { accountsReadModel, ConfiguredLogins, connectionsReadModel, grant } from '#social-accounts';
import { DEFAULT_SETTINGS, workspace, workspacesReadModel } from '#workspaces';
import { openSpecStores, type SpecStores } from '../../libs/kernel/spec-stores.js';
import { daysOf } from '../../libs/social-accounts/domain/grant.js';
import { STATUSES, tokenHealth, tokenStatus } from '../../libs/social-accounts/domain/token-status.js';
import type { AccountsRow } from '../../libs/social-accounts/read/accounts.js';
import { compose } from '../simulation/compose.js';
import { Projection, recount } from './projections.js';
import { happen, historyArbitrary, SUBJECTS, START } from './random-histories.js';
import { interleave, keysOf, placed, type World } from './world.js';

const RUNS = 25;
const OTHER_ORDERS = 3;
const HOUR_MS = 3_600_000;

let stores: SpecStores;
let keys: ReadonlyMap<string, DataKey>;
let models: readonly ReadModel[];

beforeAll(async () => {
  stores = await openSpecStores();
  keys = await keysOf(stores.vault, SUBJECTS);
  const streams = new Streams(stores.events, stores.vault);
  const { automations } = compose({ ...stores, streams, logins: new ConfiguredLogins([]) });
  const readModels = [accountsReadModel, connectionsReadModel, workspacesReadModel];
  models = [...readModels, ...automations].map((model) => model as unknown as ReadModel);
});
afterAll(() => stores.dispose());

/** Projects events in batches while the time goes on, and ends at `now`. */
async function project(
  model: ReadModel,
  events: readonly RecordedEvent[],
  now: Date,
  nextNumber: (below: number) => number,
): Promise<Projection> {
  const projection = await Projection.begin(stores, model, START);
  const span = now.getTime() - START.getTime();
  for (let from = 0; from < events.length;) {
    const to = from + 1 + nextNumber(12);
    const at = new Date(projection.clock.now().getTime() + nextNumber(1 + Math.floor(span / HOUR_MS / 8)) * HOUR_MS);
    if (at < now && !isAutomation(model)) await projection.comeTo(at);
    await projection.apply(events.slice(from, to));
    from = to;
  }
  if (isAutomation(model)) projection.clock.moveTo(now);
  else await projection.comeTo(now);
  return projection;
}

const runs = { numRuns: RUNS };
const chance = fc.infiniteStream(fc.nat({ max: 2 ** 20 }));
const numbers = (stream: Iterator<number>): ((below: number) => number) => {
  return (below) => Number(stream.next().value ?? 0) % below;
};

describe('every read model and automation', () => {
  it('is covered here', () => {
    expect(models.map(({ name }) => name)).toEqual([
      'accounts',
      'connections',
      'workspaces',
      'watch-token-expiry',
      'complete-connections',
      'lapse-connections',
      'revoke-empty-grants',
      'purge-removed-accounts',
    ]);
  });

  it('comes to the same bytes by every order that keeps each stream’s own, in every batching', async () => {
    await fc.assert(
      fc.asyncProperty(historyArbitrary, chance, async (history, random) => {
        const next = numbers(random);
        const world = happen(history, keys);
        for (const model of models) {
          const reference = await Projection.begin(stores, model, world.now);
          await reference.apply(placed(world.log));
          const expected = await reference.content();
          for (let order = 0; order < OTHER_ORDERS; order += 1) {
            const events = placed(order === 0 ? world.log : interleave(world.log, next));
            const other = await project(model, events, world.now, next);
            expect([model.name, await other.content()]).toEqual([model.name, expected]);
            await other.drop();
          }
          await reference.drop();
        }
      }),
      runs,
    );
  });

  it('counts what its rows count, and describes no row as due in the past', async () => {
    await fc.assert(
      fc.asyncProperty(historyArbitrary, chance, fc.nat({ max: 120 }), async (history, random, days) => {
        const next = numbers(random);
        const world = happen(history, keys);
        const now = new Date(world.now.getTime() + days * 24 * HOUR_MS);
        for (const model of models) {
          const projection = await project(model, placed(interleave(world.log, next)), now, next);
          const rows = await projection.rows();
          expect([model.name, await projection.counters()]).toEqual([model.name, recount(rows)]);
          const dues = rows.flatMap(({ dueAt }) => dueAt ?? []);
          if (!isAutomation(model)) expect(dues.filter((dueAt) => dueAt <= now.toISOString())).toEqual([]);
          await projection.drop();
        }
      }),
      runs,
    );
  });
});

describe('the accounts of a workspace', () => {
  /** What each live account's status is, straight from the streams. */
  function statusesOf(world: World, at: Date): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { stream, events } of liveAccounts(world)) {
      const workspaceId = events[0]?.metadata.workspaceId ?? '';
      const grantId = lastGrantOf(events);
      const { lifetime, expired } = world.state(grant, grantId);
      const { expiringWindow } = world.state(workspace, workspaceId).settings;
      const facts = {
        expiresAt: lifetime?.expiresAt ?? null,
        expired,
        accessLost: stream.accessLost,
        hasMissingPermissions: stream.permissions.missing.length > 0,
        windowDays: daysOf(expiringWindow),
      };
      const name = `${workspaceId} ${tokenStatus(tokenHealth(facts, at))}`;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  interface Live {
    readonly accessLost: boolean;
    readonly removed: boolean;
    readonly permissions: { readonly missing: readonly string[] };
  }
  const liveAccounts = (world: World): readonly { stream: Live; events: readonly RecordedEvent[] }[] =>
    [...world.streams]
      .filter(([name]) => parseStreamName(name).category === 'socialAccount')
      .map(([, { state, events }]) => ({ stream: state as Live, events }))
      .filter(({ stream }) => !stream.removed);
  const lastGrantOf = (events: readonly RecordedEvent[]): string =>
    String(events.flatMap(({ data }) => (typeof data['grantId'] === 'string' ? [data['grantId']] : [])).at(-1));

  it('are each in one status, and the statuses add up, at any time (T1, T2)', async () => {
    expect(DEFAULT_SETTINGS.expiringWindow).toBe('P30D');
    const times = fc.uniqueArray(fc.nat({ max: 100 * 24 * 60 }), { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(historyArbitrary, times, async (history, minutes) => {
        const world = happen(history, keys);
        const projection = await Projection.begin(stores, accountsReadModel, START);
        await projection.apply(placed(world.log));
        for (const minute of minutes.sort((a, b) => a - b)) {
          const at = new Date(world.now.getTime() + minute * 60_000);
          await projection.comeTo(at);
          const expected = statusesOf(world, at);
          const found: Record<string, number> = {};
          for (const { fields, body } of await projection.rows()) {
            if ((body as AccountsRow).kind !== 'account') continue;
            const name = `${String(fields['workspace'])} ${String(fields['status'])}`;
            found[name] = (found[name] ?? 0) + 1;
            expect(STATUSES).toContain(fields['status']);
          }
          expect(found).toEqual(expected);
          const counted = Object.values(await projection.counters()).reduce((sum, count) => sum + count, 0);
          expect(counted).toBe(liveAccounts(world).length);
        }
        await projection.drop();
      }),
      runs,
    );
  });
});

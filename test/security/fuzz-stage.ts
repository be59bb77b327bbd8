import type { Browser } from '../support/service/browser.js';
import type { InProcessService } from '../support/service/in-process-service.js';
import {
  addMember,
  attempt,
  connect,
  consent,
  createWorkspace,
  listAccounts,
  removeAccount,
  startConnection,
} from '../support/service/steps.js';

/** Real things that random requests may be about, so that they get behind the first check. */
export interface Stage {
  /** By the names of path parts and fields. */
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** Tokens by who asks; null for nobody. */
  readonly tokens: Readonly<Record<Asker, string | null>>;
  readonly browser: Browser;
}

export const ASKERS = ['owner', 'viewer', 'service', 'operator', 'nobody', 'forger'] as const;
export type Asker = (typeof ASKERS)[number];

let stages = 0;

/** A fresh workspace with accounts (one of them removed), attempts at several stages, and a neighbour. */
export async function setStage(service: InProcessService): Promise<Stage> {
  stages += 1;
  const [owner, viewer] = [await service.as(`owner-${stages}`), await service.as(`viewer-${stages}`)];
  const worker = await service.as('worker', { scope: 'commands' });
  const operator = await service.as('operator', { scope: 'ops' });
  const [ws, other] = [await createWorkspace(owner), await createWorkspace(owner)];
  await addMember(owner, ws, viewer.userId, 'viewer');
  await addMember(owner, ws, 'target', 'editor');
  const pick = ['Ada Bakery', 'Ada Books'];
  const [, books = ''] = await connect(owner, ws, { platform: 'facebook' }, { pick });
  await connect(owner, ws, { platform: 'linkedin' }, { identity: 'ben' });
  await connect(owner, ws, { platform: 'linkedin' }, { identity: 'cho' });
  const authorized = await attempt(owner, ws, { platform: 'facebook' });
  const denied = await attempt(owner, ws, { platform: 'facebook' }, { decision: 'deny' });
  const begun = await startConnection(owner, ws, { platform: 'linkedin' });
  const callback = new URL(await consent(begun.authorizationUrl, { identity: 'ben' }));
  await removeAccount(owner, ws, books);
  const page = await listAccounts(owner, ws, 'limit=1');
  const accounts = (await listAccounts(owner, ws)).items.map(({ id }) => id);
  // A selection needs the one attempt that waits for one: named often, or it would hardly ever be made.
  const chosen = Array.from({ length: 6 }, () => authorized.id);
  return {
    values: {
      ...{ ws: [ws, ws, ws, other], acc: [...accounts, books], con: [...chosen, denied.id, begun.id] },
      userId: ['target', 'new-member', owner.userId],
      platform: ['linkedin', 'facebook'],
      projection: ['workspaces', 'accounts', 'watch-token-expiry'],
      secret: [begun.startUrl.split('/').at(-1) ?? ''],
      state: [callback.searchParams.get('state') ?? ''],
      code: [callback.searchParams.get('code') ?? ''],
      cursor: [page.nextCursor ?? ''],
      candidateIds: (authorized.candidates ?? []).map(({ candidateId }) => candidateId),
      reconnectAccountId: [...accounts, books],
    },
    tokens: {
      ...{ owner: owner.token, viewer: viewer.token, service: worker.token, operator: operator.token },
      ...{ nobody: null, forger: 'a.b.c' },
    },
    browser: owner.browser,
  };
}

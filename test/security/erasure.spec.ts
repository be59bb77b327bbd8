import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import { connectOne, createWorkspace, readAccount, reconnect, removeAccount } from '../support/service/steps.js';
import { foundBelow } from './encodings.js';

const NAME = 'Qwertz Removed Page';
const HANDLE_PART = 'qwertz';

describe('T17: what was personal about a removed account', () => {
  let service: InProcessService;
  let olga: Person;
  let ws: string;
  let id: string;
  let personal: readonly string[];

  beforeAll(async () => {
    service = await InProcessService.start();
    olga = await service.as('olga');
    ws = await createWorkspace(olga);
    await service.sandbox.order({ do: 'rename', platform: 'facebook', name: 'Ada Bakery', to: NAME });
    await connectOne(olga, ws, { platform: 'facebook' }, { pick: ['Ada Books'] });
    id = await connectOne(olga, ws, { platform: 'facebook' }, { pick: [NAME] });
    await reconnect(olga, ws, id);
    const account = await readAccount(olga, ws, id);
    personal = [account.externalId, account.name, account.name.toLowerCase(), account.handle ?? '', HANDLE_PART];
    personal = personal.filter((text) => text !== '');
  });
  afterAll(() => service.discard());

  const inFiles = (pattern: RegExp): readonly string[] =>
    foundBelow(service.dataDir, personal, (file) => pattern.test(file));

  it('is in the read models as long as the account is there, and never in the events or the vault', () => {
    expect(personal.length).toBeGreaterThan(3);
    expect(inFiles(/^read\.sqlite/)).not.toEqual([]);
    expect(inFiles(/^(events|vault)\.sqlite/)).toEqual([]);
  });

  it('is gone from the read models once the purge has come to rest', async () => {
    await removeAccount(olga, ws, id);
    await service.sandbox.rest();
    const { text } = await olga.get(`/v1/workspaces/${ws}/accounts`);
    for (const one of personal) expect(text).not.toContain(one);
    await service.close();
    expect(inFiles(/^read\.sqlite/)).toEqual([]);
  });

  it('is in no other file either', () => {
    expect(inFiles(/^(events|vault)\.sqlite/)).toEqual([]);
  });
});

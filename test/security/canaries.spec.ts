import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnService, type SpawnedService } from '../support/service/spawned-service.js';
import type { Person } from '../support/service/person.js';
import {
  attempt,
  callBack,
  connect,
  connectOne,
  consent,
  createWorkspace,
  expectStatus,
  readAccount,
  reconnect,
  removeAccount,
  startConnection,
  type Started,
} from '../support/service/steps.js';
import { found, foundBelow } from './encodings.js';
import { Recording, type Exchange } from './recording.js';

const WORKSPACE_NAME = 'Wörkspace Canary 7431';
const PERSON_NAME = 'Persson Canary 8852';
const PAGE_NAME = 'Pàge Canary 9963';
const INSTAGRAM_NAME = 'insta.canary.1174';
const LINKEDIN_NAME = 'Línk Canary 2285';

/** Where each kind of secret is meant to be shown. */
interface Secret {
  readonly kind: 'token' | 'state' | 'code' | 'cookie' | 'startSecret';
  readonly value: string;
}

describe('T16: secrets', () => {
  let service: SpawnedService;
  let recording: Recording;
  const secrets: Secret[] = [];
  const externalIds: string[] = [];

  const note = (kind: Secret['kind'], value: string | null | undefined): void => {
    if (!value || value.length < 8) throw new Error(`There is no ${kind}.`);
    secrets.push({ kind, value });
  };
  const noteStarted = ({ authorizationUrl, startUrl }: Started): void => {
    note('state', new URL(authorizationUrl).searchParams.get('state'));
    note('startSecret', startUrl.split('/').at(-1));
  };

  /** Signs in, and consents by hand, so that every secret of the way is seen. */
  const person = async (userId: string): Promise<Person> => {
    const somebody = await service.as(userId, { name: PERSON_NAME });
    note('token', somebody.token);
    note('token', somebody.token.split('.')[2]);
    return somebody;
  };
  const connectByHand = async (who: Person, ws: string, request: object, identity: 'ada' | 'ben'): Promise<void> => {
    const started = await startConnection(who, ws, request);
    noteStarted(started);
    const callbackUrl = await consent(started.authorizationUrl, { identity });
    note('code', new URL(callbackUrl).searchParams.get('code'));
    expectStatus(await callBack(who.browser, callbackUrl), 302);
    for (const cookie of who.browser.cookieValues) note('cookie', cookie);
  };

  beforeAll(async () => {
    service = await spawnService({ LOG_LEVEL: 'debug' });
    recording = new Recording(service.url);
    const { sandbox } = service;
    await sandbox.order({ do: 'rename', platform: 'facebook', name: 'Ada Bakery', to: PAGE_NAME });
    await sandbox.order({ do: 'rename', platform: 'instagram', name: 'ada.bakery', to: INSTAGRAM_NAME });
    await sandbox.order({ do: 'rename', platform: 'linkedin', identity: 'ben', to: LINKEDIN_NAME });
    const olga = await person('olga');
    const ws = await createWorkspace(olga, WORKSPACE_NAME);
    const key = { 'idempotency-key': 'kept-answer' };
    noteStarted((await olga.post<Started>(`/v1/workspaces/${ws}/connections`, { platform: 'linkedin' }, key)).body);
    await connectByHand(olga, ws, { platform: 'linkedin' }, 'ben');
    await connectByHand(olga, ws, { platform: 'instagram', method: 'direct' }, 'ada');
    const [page = '', books = ''] = await connect(
      olga,
      ws,
      { platform: 'facebook' },
      { pick: [PAGE_NAME, 'Ada Books'] },
    );
    await connectOne(olga, ws, { platform: 'instagram', method: 'via-facebook' }, { pick: [INSTAGRAM_NAME] });
    for (const id of [page, books]) externalIds.push((await readAccount(olga, ws, id)).externalId);
    // Whatever goes wrong on the way must not be quoted either.
    await connectByHand(await person('eve'), await createWorkspace(olga), { platform: 'linkedin' }, 'ben').catch(
      () => null,
    );
    for (const answer of ['invalid_grant', 'bad-json', '500']) {
      await sandbox.order({ do: 'next', platform: 'facebook', endpoint: 'profile', times: 3, answer });
      await attempt(olga, ws, { platform: 'facebook' });
    }
    await attempt(olga, ws, { platform: 'facebook' }, { decision: 'deny' });
    const linked = await startConnection(olga, ws, { platform: 'linkedin' });
    noteStarted(linked);
    const client = service.newBrowser();
    await client.call(linked.startUrl);
    await client.call(linked.startUrl, { method: 'POST' });
    note('cookie', client.cookieValues[0]);
    await sandbox.advance('P91D');
    await reconnect(olga, ws, page);
    await removeAccount(olga, ws, books);
    await sandbox.rest();
  });
  afterAll(async () => {
    recording.end();
    await service.stop();
  });

  const values = (): readonly string[] => [...new Set(secrets.map(({ value }) => value))];
  /** The issuer's key and the vault's are what these files are for. */
  const isNoKeyFile = (file: string): boolean => !['vault.key', 'sandbox-issuer.json'].includes(file);

  it('are seen on the way by this test, of every kind', () => {
    const kinds = new Set(secrets.map(({ kind }) => kind));
    expect(kinds).toEqual(new Set(['token', 'state', 'code', 'cookie', 'startSecret']));
    expect(recording.exchanges.length).toBeGreaterThan(40);
  });

  it('are in no file of the data directory, in no form', () => {
    expect(foundBelow(service.dataDir, [...values(), 'sbx_'], isNoKeyFile)).toEqual([]);
  });

  it('are in no line that the service has written', () => {
    expect(service.output.length).toBeGreaterThan(5_000);
    expect(found(Buffer.from(service.output).toString('latin1'), [...values(), 'sbx_'])).toEqual([]);
  });

  it('of the platforms are in no answer, in no form', () => {
    const leaks = recording.exchanges.flatMap(({ method, path, headers, body }) =>
      found(Buffer.from(`${headers}\n${body}`).toString('latin1'), ['sbx_']).map(
        (leak) => `${method} ${path}: ${leak}`,
      ),
    );
    expect(leaks).toEqual([]);
  });

  /** An answer without what it is meant to show. */
  const withoutShown = ({ path, headers, body }: Exchange): string => {
    let rest = `${headers.replace(/^set-cookie: .*$/gm, '')}\n${body}`;
    if (path === '/v1/sandbox/session') rest = rest.replace(/"token":"[^"]*"/, '');
    if (/\/(connections|reconnect)$/.test(path)) rest = rest.replace(/"(authorizationUrl|startUrl)":"[^"]*"/g, '');
    if (path.startsWith('/v1/oauth/start/')) rest = rest.replace(/^location: .*$/m, '');
    return rest;
  };

  it('are in no answer but where they are meant to be shown', () => {
    const leaks = recording.exchanges.flatMap((exchange) =>
      found(Buffer.from(withoutShown(exchange)).toString('latin1'), values()).map(
        (leak) => `${exchange.path}: ${leak}`,
      ),
    );
    expect(leaks).toEqual([]);
  });

  it('the names and ids of people and accounts are in clear in the read models alone', () => {
    const personal = [WORKSPACE_NAME, PAGE_NAME, INSTAGRAM_NAME, LINKEDIN_NAME, ...externalIds];
    const isReadModel = (file: string): boolean => /^read\.sqlite/.test(file);
    // The sandbox's own file is the platform's side: there the names are at home.
    const isOurs = (file: string): boolean => isNoKeyFile(file) && !file.startsWith('sandbox.sqlite');
    expect(foundBelow(service.dataDir, personal, (file) => isOurs(file) && !isReadModel(file))).toEqual([]);
    expect(foundBelow(service.dataDir, [PAGE_NAME], isReadModel)).not.toEqual([]);
    expect(found(Buffer.from(service.output).toString('latin1'), personal)).toEqual([]);
  });

  it('the name in a token is kept nowhere', () => {
    expect(foundBelow(service.dataDir, [PERSON_NAME])).toEqual([]);
    expect(service.output).not.toContain(PERSON_NAME);
  });

  it('stay out of the files also when the process has ended', async () => {
    await service.terminate();
    expect(foundBelow(service.dataDir, [...values(), 'sbx_', PERSON_NAME], isNoKeyFile)).toEqual([]);
  });
});

import type {
  Account,
  AccountPage,
  Candidate,
  CommandAnswer,
  Connection,
  ConnectionStarted,
  Member,
  ReconnectAccount,
  SelectionAnswer,
} from '#contract';
import type { Answer, Browser } from './browser.js';
import { PatientBrowser, persist } from './patient-browser.js';
import type { Person } from './person.js';
import type { Identity } from './sandbox-control.js';

/** How often a patient person begins again when the platform's answer got lost with the process that had asked. */
const PATIENT_ATTEMPTS = 10;

/** The answer to starting a connection, whose URLs are always there for OAuth. */
export type Started = Required<ConnectionStarted> & CommandAnswer;

/** What the person decides at the platform. Everything is granted unless `scopes` names what is. */
export interface Consent {
  readonly identity?: Identity;
  readonly decision?: 'allow' | 'deny';
  readonly scopes?: readonly string[];
}

/** Fails the test with the whole answer when it has another status. */
export function expectStatus<Body>(answer: Answer<Body>, status: number): Answer<Body> {
  if (answer.status !== status) throw new Error(`Expected ${status}, got ${answer.status}: ${answer.text}`);
  return answer;
}

/** Makes a workspace, whose owner the person becomes, and answers its id. */
export async function createWorkspace(person: Person, name = 'Corner Shop'): Promise<string> {
  const answer = await person.post<CommandAnswer>('/v1/workspaces', { name, timezone: 'Europe/Vienna' });
  return expectStatus(answer, 201).body.id;
}

export async function addMember(
  owner: Person,
  workspaceId: string,
  userId: string,
  role: Member['role'],
  accountAccess: Member['accountAccess'] = 'all',
): Promise<void> {
  expectStatus(await owner.post(`/v1/workspaces/${workspaceId}/members`, { userId, role, accountAccess }), 200);
}

export async function startConnection(person: Person, workspaceId: string, request: object): Promise<Started> {
  return expectStatus(await person.post<Started>(`/v1/workspaces/${workspaceId}/connections`, request), 201).body;
}

/** Consents at the platform; answers the callback URL to which it sends the browser. */
export async function consent(authorizationUrl: string, given: Consent = {}): Promise<string> {
  const url = new URL(authorizationUrl);
  url.searchParams.set('sandbox_identity', given.identity ?? 'ada');
  url.searchParams.set('sandbox_decision', given.decision ?? 'allow');
  if (given.scopes) url.searchParams.set('sandbox_scopes', given.scopes.join(','));
  const response = await persist(() => fetch(url, { redirect: 'manual' }), 'consenting');
  const location = response.headers.get('location');
  if (location === null) throw new Error(`The platform does not redirect: ${await response.text()}`);
  return location;
}

/** Follows the platform's redirect with this browser; the fragment stays there, as in every browser. */
export function callBack(browser: Browser, callbackUrl: string): Promise<Answer> {
  const url = new URL(callbackUrl);
  return browser.call(`${url.pathname}${url.search}`);
}

export async function readConnection(person: Person, workspaceId: string, id: string): Promise<Connection> {
  return expectStatus(await person.get<Connection>(`/v1/workspaces/${workspaceId}/connections/${id}`), 200).body;
}

/** Consents to an attempt and comes back; answers the attempt as it stands then. */
export async function finish(
  person: Person,
  workspaceId: string,
  started: Started,
  given: Consent = {},
): Promise<Connection> {
  const answer = await callBack(person.browser, await consent(started.authorizationUrl, given));
  expectStatus(answer, 302);
  const path = `/v1/workspaces/${workspaceId}/connections/${started.id}`;
  const after = answer.position === null ? {} : { 'read-after': answer.position };
  return expectStatus(await person.get<Connection>(path, after), 200).body;
}

/** Starts an attempt, consents and comes back. */
export async function attempt(
  person: Person,
  workspaceId: string,
  request: object,
  given: Consent = {},
): Promise<Connection> {
  return toItsOutcome(person, async () => {
    return finish(person, workspaceId, await startConnection(person, workspaceId, request), given);
  });
}

/**
 * A code counts once: where the process that had spent it was killed, the attempt has no outcome but that the platform did not
 * answer, and a patient person begins another one.
 */
async function toItsOutcome(person: Person, once: () => Promise<Connection>): Promise<Connection> {
  const limit = person.browser instanceof PatientBrowser ? PATIENT_ATTEMPTS : 1;
  for (let tries = 1; ; tries += 1) {
    const connection = await once();
    const { status, failure } = connection;
    if (tries === limit || status === 'authorized' || status === 'completed') return connection;
    if (status === 'failed' && failure?.code !== 'platform-unavailable') return connection;
  }
}

export function candidateOf(connection: Connection, name: string): Candidate {
  const found = connection.candidates?.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`${name} is no candidate of ${JSON.stringify(connection)}`);
  return found;
}

export function selectIds(
  person: Person,
  workspaceId: string,
  connectionId: string,
  candidateIds: readonly string[],
): Promise<Answer<SelectionAnswer>> {
  return person.post<SelectionAnswer>(`/v1/workspaces/${workspaceId}/connections/${connectionId}/selection`, {
    candidateIds,
  });
}

/** Selects candidates by name; answers the ids of the accounts in the order of the names. */
export async function select(
  person: Person,
  workspaceId: string,
  connection: Connection,
  names: readonly string[],
): Promise<readonly string[]> {
  const ids = names.map((name) => candidateOf(connection, name).candidateId);
  const answer = await selectIds(person, workspaceId, connection.id, ids);
  if (answer.status === 202) await untilCompleted(person, workspaceId, connection.id);
  else expectStatus(answer, 200);
  return answer.body.accounts.map(({ id }) => id);
}

/** Where the work of a selection goes on behind its answer, the connection tells its end. */
async function untilCompleted(person: Person, workspaceId: string, connectionId: string): Promise<void> {
  await persist(async () => {
    const { status, failure } = await readConnection(person, workspaceId, connectionId);
    if (status === 'completed') return true;
    if (status === 'selected') return null;
    throw new Error(`The selection ended as ${status}: ${JSON.stringify(failure)}`);
  }, 'the completion of a selection');
}

/** Connects accounts and answers their ids: those picked by name, or what completes by itself. */
export async function connect(
  person: Person,
  workspaceId: string,
  request: object,
  { pick, ...given }: Consent & { readonly pick?: readonly string[] } = {},
): Promise<readonly string[]> {
  const connection = await attempt(person, workspaceId, request, given);
  if (pick) return select(person, workspaceId, connection, pick);
  if (connection.status !== 'completed') throw new Error(`It is not completed: ${JSON.stringify(connection)}`);
  return connection.accountIds;
}

/** Connects one account; what it is called where it is to be picked. */
export async function connectOne(
  person: Person,
  workspaceId: string,
  request: object,
  given: Consent & { readonly pick?: readonly string[] } = {},
): Promise<string> {
  const [id] = await connect(person, workspaceId, request, given);
  if (id === undefined) throw new Error('Nothing was connected.');
  return id;
}

/** Reconnects an account and answers the attempt as it ended. */
export async function reconnect(
  person: Person,
  workspaceId: string,
  accountId: string,
  given: Consent = {},
  request: ReconnectAccount = {},
): Promise<Connection> {
  const path = `/v1/workspaces/${workspaceId}/accounts/${accountId}/reconnect`;
  return toItsOutcome(person, async () => {
    const started = expectStatus(await person.post<Started>(path, request), 201).body;
    return finish(person, workspaceId, started, given);
  });
}

export async function readAccount(person: Person, workspaceId: string, accountId: string): Promise<Account> {
  return expectStatus(await person.get<Account>(`/v1/workspaces/${workspaceId}/accounts/${accountId}`), 200).body;
}

/** A page of accounts; `query` is everything behind the question mark. */
export async function listAccounts(person: Person, workspaceId: string, query = ''): Promise<AccountPage> {
  const answer = await person.get<AccountPage>(`/v1/workspaces/${workspaceId}/accounts${query && `?${query}`}`);
  return expectStatus(answer, 200).body;
}

export async function removeAccount(person: Person, workspaceId: string, accountId: string): Promise<void> {
  expectStatus(await person.delete(`/v1/workspaces/${workspaceId}/accounts/${accountId}`), 202);
}

/** A well-formed id of the same kind that is not this one. */
export const otherIdLike = (id: string): string => id.replace(/.$/, (last) => (last === '0' ? '1' : '0'));

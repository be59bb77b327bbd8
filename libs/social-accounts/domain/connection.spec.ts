import { describe, it } from '@jest/globals';
import { Refusal } from '#kernel';
import { specification } from '../../kernel/spec-decider.js';
import {
  authorizeConnection,
  completeConnection,
  connection,
  FAILURE_CODES,
  failConnection,
  lapseConnection,
  selectCandidates,
  startConnection,
  type AuthorizationOutcome,
  type Choice,
  type ConnectionEvent,
} from './connection.js';

const START = new Date('2029-03-01T09:00:00Z');
const minutes = (count: number): Date => new Date(START.getTime() + count * 60_000);
const { given } = specification(connection);

const facts = {
  workspaceId: 'ws_1',
  platform: 'facebook',
  method: 'direct',
  login: 'facebook',
  accountType: 'page',
  purpose: 'connect',
  reconnectAccountId: null,
  startedBy: { type: 'user', id: 'ann' },
} as const;
const choice = (name: string): Choice => ({ candidateId: name, accountId: `acc_${name}`, outcome: 'connected' });
const choices = [choice('a'), choice('b')];

const started: ConnectionEvent = {
  type: 'ConnectionStarted',
  data: { ...facts, startedAt: START.toISOString(), lapsesAt: minutes(15).toISOString() },
};
const authorized: ConnectionEvent = {
  type: 'ConnectionAuthorized',
  data: { authorizedAt: minutes(1).toISOString(), candidateIds: ['a', 'b', 'c'], count: 3, selectable: 2 },
};
const selectedAt = (at: Date): ConnectionEvent => ({
  type: 'ConnectionSelected',
  data: { choices, count: 2, selectedAt: at.toISOString() },
});
const selected = selectedAt(minutes(2));
const completed: ConnectionEvent = {
  type: 'ConnectionCompleted',
  data: { accountIds: ['acc_a', 'acc_b'], count: 2, grantId: 'grt_1' },
};
const failed: ConnectionEvent = { type: 'ConnectionFailed', data: { code: 'denied' } };
const lapsed: ConnectionEvent = { type: 'ConnectionLapsed', data: {} };
const ends = [completed, failed, lapsed];

describe('starting a connection', () => {
  it('gives it fifteen minutes (C7), once', () => {
    given()
      .when((state) => startConnection(state, { ...facts, at: START }))
      .then(started)
      .askedAgain.thenNothing();
  });
});

describe('the end of a consent', () => {
  const authorize = (
    outcome: AuthorizationOutcome,
    at = minutes(1),
    candidateIds: readonly string[] = ['a', 'b', 'c'],
  ) => ({ candidateIds, selectable: 2, outcome, at }) as const;

  it('offers what was found, once', () => {
    given(started)
      .when((state) => authorizeConnection(state, authorize({ kind: 'pick' })))
      .then(authorized)
      .askedAgain.thenNothing();
  });

  it('writes a choice that makes itself together with what was found', () => {
    given(started)
      .when((state) => authorizeConnection(state, authorize({ kind: 'chosen', choices })))
      .then(authorized, selectedAt(minutes(1)))
      .askedAgain.thenNothing();
  });

  it('fails with each code, once (C8)', () => {
    for (const code of FAILURE_CODES) {
      given(started)
        .when((state) => authorizeConnection(state, authorize({ kind: 'failed', code })))
        .then({ type: 'ConnectionFailed', data: { code } })
        .askedAgain.thenNothing();
    }
  });

  it('lists at most 200 candidates and counts them all', () => {
    const ids = Array.from({ length: 321 }, (_, index) => `c${index}`);
    given(started)
      .when((state) => authorizeConnection(state, authorize({ kind: 'pick' }, minutes(1), ids)))
      .then({
        type: 'ConnectionAuthorized',
        data: { authorizedAt: minutes(1).toISOString(), candidateIds: ids.slice(0, 200), count: 321, selectable: 2 },
      });
  });

  it('comes too late from the fifteenth minute on, changes nothing that is decided, and needs a start', () => {
    given(started)
      .when((state) => authorizeConnection(state, authorize({ kind: 'pick' }, minutes(15))))
      .thenRefused('connection-lapsed');
    given(started)
      .when((state) => authorizeConnection(state, authorize({ kind: 'failed', code: 'denied' }, minutes(16))))
      .thenRefused('connection-lapsed');
    for (const decided of [[authorized], [authorized, selected], ...ends.map((end) => [end])]) {
      given(started, ...decided)
        .when((state) => authorizeConnection(state, authorize({ kind: 'failed', code: 'denied' })))
        .thenNothing();
    }
    given()
      .when((state) => authorizeConnection(state, authorize({ kind: 'pick' })))
      .thenRefused('not-found');
  });
});

describe('selecting candidates', () => {
  const select = (candidateIds: readonly string[], at = minutes(2), chosen: readonly Choice[] | Refusal = choices) => ({
    choices: chosen,
    candidateIds,
    at,
  });

  it('decides once; the same again, in any order and however often named, is quiet', () => {
    given(started, authorized)
      .when((state) => selectCandidates(state, select(['a', 'b'])))
      .then(selected)
      .askedAgain.thenNothing();
    for (const past of [[selected], [selected, completed]]) {
      given(started, authorized, ...past)
        .when((state) => selectCandidates(state, select(['b', 'a', 'b'])))
        .thenNothing();
    }
  });

  it('refuses another selection once one is made, whatever became of it', () => {
    for (const past of [[selected], [selected, completed], [failed]]) {
      for (const ids of [['a'], ['a', 'b', 'c'], ['a', 'c']]) {
        given(started, authorized, ...past)
          .when((state) => selectCandidates(state, select(ids)))
          .thenRefused('already-decided');
      }
    }
  });

  it('refuses before the consent, after the end, and what cannot be selected', () => {
    given()
      .when((state) => selectCandidates(state, select(['a'])))
      .thenRefused('not-found');
    given(started)
      .when((state) => selectCandidates(state, select(['a'])))
      .thenRefused('candidate-not-selectable');
    given(started, authorized)
      .when((state) => selectCandidates(state, select(['a'], minutes(15))))
      .thenRefused('connection-lapsed');
    given(started, authorized, lapsed)
      .when((state) => selectCandidates(state, select(['a'])))
      .thenRefused('connection-lapsed');
    given(started, authorized)
      .when((state) => selectCandidates(state, select(['c'], minutes(2), new Refusal('permission-denied', 'No.'))))
      .thenRefused('permission-denied');
  });

  it('still answers the same selection when the fifteen minutes are over', () => {
    given(started, authorized, selected)
      .when((state) => selectCandidates(state, select(['a', 'b'], minutes(60))))
      .thenNothing();
  });
});

describe('ending a connection', () => {
  it('completes what was selected, once, however late, and nothing else', () => {
    const complete = { accountIds: ['acc_a', 'acc_b'], grantId: 'grt_1' };
    given(started, authorized, selected)
      .when((state) => completeConnection(state, complete))
      .then(completed)
      .askedAgain.thenNothing();
    for (const past of [[], [started], [started, authorized], ...ends.map((end) => [started, authorized, end])]) {
      given(...past)
        .when((state) => completeConnection(state, complete))
        .thenNothing();
    }
  });

  it('fails what has not ended, once', () => {
    for (const past of [[started], [started, authorized], [started, authorized, selected]]) {
      given(...past)
        .when((state) => failConnection(state, { code: 'account-removed' }))
        .then({ type: 'ConnectionFailed', data: { code: 'account-removed' } })
        .askedAgain.thenNothing();
    }
    for (const end of ends) {
      given(started, authorized, end)
        .when((state) => failConnection(state, { code: 'account-removed' }))
        .thenNothing();
    }
    given()
      .when((state) => failConnection(state, { code: 'denied' }))
      .thenRefused('not-found');
  });

  it('lapses at its fifteenth minute, once, unless something was selected (C7)', () => {
    for (const past of [[started], [started, authorized]]) {
      given(...past)
        .when((state) => lapseConnection(state, { at: new Date(minutes(15).getTime() - 1) }))
        .thenNothing();
      given(...past)
        .when((state) => lapseConnection(state, { at: minutes(15) }))
        .then(lapsed)
        .askedAgain.thenNothing();
    }
    for (const past of [[authorized, selected], ...ends.map((end) => [end])]) {
      given(started, ...past)
        .when((state) => lapseConnection(state, { at: minutes(20) }))
        .thenNothing();
    }
    given()
      .when((state) => lapseConnection(state, { at: minutes(20) }))
      .thenRefused('not-found');
  });
});

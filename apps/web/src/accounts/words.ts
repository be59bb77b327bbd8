import type { Account, Actor, MethodId, StatusFilter, TokenHealth, TokenStatus } from '#contract';
import { counted } from '../design/words.js';

export const STATUS_WORDS: Readonly<Record<TokenStatus, string>> = {
  valid: 'Valid',
  expiring: 'Expiring soon',
  expired: 'Expired',
};

export const FILTER_WORDS: Readonly<Record<StatusFilter, string>> = { all: 'All', ...STATUS_WORDS };

/** Why the status is what it is, where the status alone does not say it. */
export const HEALTH_WORDS: Readonly<Record<TokenHealth, string | null>> = {
  ok: null,
  expiring: null,
  lapsed: null,
  rejected: 'The platform refuses it',
  'access-lost': 'The account is out of reach for this login',
  'missing-permissions': 'Some permissions are missing',
};

export const METHOD_NAMES: Readonly<Record<MethodId, string>> = {
  direct: 'Direct login',
  'via-facebook': 'Via Facebook',
  'app-password': 'App password',
};

/** How long the token lasts, in a few words, as the service computed it for its own present. */
export function remaining({ token }: Account): string {
  if (token.status === 'expired') {
    return HEALTH_WORDS[token.health] ?? 'Reconnect needed';
  }
  if (token.daysLeft === null) {
    return 'No expiry';
  }
  return `${counted(token.daysLeft, 'day')} left`;
}

/** A person or program, as far as the page may know it. */
export function actorName(actor: Actor, meId: string): string {
  switch (actor.type) {
    case 'user':
      return actor.id === meId ? 'you' : actor.id;
    case 'client':
      return 'a client, through an EasyConnect link';
    case 'service':
      return `the service ${actor.id}`;
    case 'system':
      return 'the system';
  }
}

/** The queue in one line, without its next slot. */
export function queueLine({ queue }: Account): string {
  const rate = queue.postsPerWeek === 0 ? 'No schedule' : `${queue.postsPerWeek} a week`;
  const waiting = queue.queued === 0 ? '' : `, ${queue.queued} queued`;
  return rate + waiting;
}

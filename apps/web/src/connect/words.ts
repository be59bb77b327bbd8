import type { AccountType, ConnectionFailureCode, SelectionOutcome, UnselectableReason } from '#contract';

/** How people call what a platform has. */
export const ACCOUNT_TYPE_WORDS: Readonly<Record<AccountType, string>> = {
  page: 'Page',
  professional: 'Professional account',
  profile: 'Profile',
  organization: 'Organisation',
  channel: 'Channel',
  location: 'Location',
};

/** Why something that a login reaches cannot be picked, and what would help. */
export const UNSELECTABLE_WORDS: Readonly<Record<UnselectableReason, string>> = {
  'missing-permission': 'A permission is missing. Connect again and allow everything that the platform asks for.',
  'not-allowed-to-post': 'This login may not post here. Ask one of its administrators for a role that may publish.',
  'not-supported': 'This kind of account cannot be connected.',
  'no-access': 'It is connected already, and is not among the accounts that you may see in this workspace.',
};

export const OUTCOME_WORDS: Readonly<Record<SelectionOutcome, string>> = {
  connected: 'Connected',
  reconnected: 'Reconnected, with its queue and posts as they were',
  unchanged: 'Nothing to change: it is connected already',
};

interface Explanation {
  readonly title: string;
  readonly next: string;
}

/** What a failed attempt means and what to do about it. Nothing is half connected in any of these cases. */
export const FAILURE_WORDS: Readonly<Record<ConnectionFailureCode, Explanation>> = {
  denied: {
    title: 'The request was declined',
    next: 'Nobody allowed the connection on the platform’s page. Try again, and choose to allow it there.',
  },
  'platform-unavailable': {
    title: 'The platform did not answer',
    next: 'It may be down or busy. Wait a few minutes and try again.',
  },
  'platform-error': {
    title: 'The platform gave an answer that could not be used',
    next: 'Try again. If it happens once more, tell your operator, who finds the details in the log.',
  },
  'missing-permissions': {
    title: 'A permission that is needed was not given',
    next: 'Try again and leave every permission on the platform’s page switched on: the account cannot work without them.',
  },
  'nothing-to-connect': {
    title: 'This login has nothing that can be connected',
    next: 'Sign in on the platform as somebody who manages the account, or first create one there, then try again.',
  },
  'different-identity': {
    title: 'That was a different login',
    next: 'To reconnect, sign in on the platform as the person who connected this account, or as another one who manages it. Sign out there first if it picks the wrong one.',
  },
  'account-not-offered': {
    title: 'This login no longer reaches the account',
    next: 'Somebody may have taken its rights away. Ask an administrator of the account on the platform, or let them reconnect it.',
  },
  'account-removed': {
    title: 'The account was removed in the meantime',
    next: 'Connect it again as a new account if you still need it.',
  },
  'permission-denied': {
    title: 'You may no longer connect accounts here',
    next: 'Your role in this workspace changed while you were away. Ask somebody who manages its members.',
  },
};

export const LAPSED_WORDS: Explanation = {
  title: 'The time for this attempt is over',
  next: 'An attempt lasts 15 minutes. Nothing was connected; just begin again.',
};

/** What a process can do: answer requests, keep read models up to date, carry out automations (and tidy up). */
export type Role = 'api' | 'projector' | 'automation';

/** Everything in one process. */
export const ALL_ROLES: readonly Role[] = ['api', 'projector', 'automation'];

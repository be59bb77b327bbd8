import { expect } from '@jest/globals';
import fc from 'fast-check';
import { type Authorization, type Callback, PlatformFailure, type PlatformLogin } from '#social-accounts';
import { z } from 'zod';
import { type ReplayServer, spoilings } from './spec-replay.js';
import { expectNoSecret, succeeded } from './spec-support.js';

const RUNS = 400;

const instant = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.000Z$/);
const shown = z
  .string()
  .max(2_048)
  .regex(/^(https:\/\/|http:\/\/127\.0\.0\.1:)/)
  .nullable();
const id = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/);

/** What nothing that a platform answers may break. */
const soundAuthorization = z.object({
  subject: id,
  grantedScopes: z.array(z.string().min(1).max(100)).max(100),
  lifetime: z.object({
    issuedAt: instant,
    expiresAt: instant.nullable(),
    accessExpiresAt: instant.nullable(),
    refreshExpiresAt: instant.nullable(),
    dataAccessExpiresAt: instant.nullable(),
    earliestRenewalAt: instant.nullable(),
  }),
  candidates: z
    .array(
      z.object({
        externalId: id,
        name: z
          .string()
          .min(1)
          .max(400)
          .regex(/^[^\p{Cc}\p{Cs}]+$/u),
        handle: z.string().min(1).max(100).nullable(),
        pictureUrl: shown,
        profileUrl: shown,
      }),
    )
    .max(1_000),
  listingComplete: z.boolean(),
});

/** Plays a good flow with one reply spoilt, again and again: the outcome is a failure or a sound authorisation, never a throw. */
export async function fuzzReplies(login: PlatformLogin, callback: Callback, replay: ReplayServer): Promise<void> {
  replay.spoil(null);
  succeeded(await login.authorize(callback));
  const outcomes = { failures: 0, authorizations: 0 };
  await fc.assert(
    fc.asyncProperty(spoilings, async (spoiling) => {
      replay.spoil(spoiling);
      const outcome: Authorization | PlatformFailure = await login.authorize(callback);
      if (outcome instanceof PlatformFailure) {
        outcomes.failures += 1;
        expectNoSecret(outcome);
      } else {
        outcomes.authorizations += 1;
        expect(soundAuthorization.safeParse(outcome).error).toBeUndefined();
      }
      const account = { type: 'page', externalId: '100200300400001' } as const;
      if (!(outcome instanceof PlatformFailure)) await login.checkAccess(outcome.secrets, account);
    }),
    { numRuns: RUNS },
  );
  // Both must happen, or the replies were not spoilt at all or the flow was never good.
  expect(outcomes.failures).toBeGreaterThan(RUNS / 10);
  expect(outcomes.authorizations).toBeGreaterThan(0);
}

import { displayName, externalId, handleText, lifetimeSeconds, scopeList, tokenText } from '#platform-http';
import { z } from 'zod';

const PAGE_LIMIT_ELEMENTS = 1_000;
const WORD_LIMIT_CHARACTERS = 100;
const URN_LIMIT_CHARACTERS = 200;

const word = z.string().max(WORD_LIMIT_CHARACTERS);

export const tokenAnswer = z.object({
  access_token: tokenText,
  expires_in: lifetimeSeconds.optional(),
  refresh_token: tokenText.optional(),
  refresh_token_expires_in: lifetimeSeconds.optional(),
  scope: scopeList.optional(),
});
export type TokenAnswer = z.output<typeof tokenAnswer>;

/** OpenID Connect's `userinfo`. */
export const memberAnswer = z.object({ sub: externalId, name: displayName, picture: z.unknown().optional() });
export type MemberAnswer = z.output<typeof memberAnswer>;

/** `GET /v2/me`, of which only the name in the profile's address is of use. */
export const vanityAnswer = z.object({ vanityName: handleText });

/** One page of the organisations in which a member has a role. */
export const rolesAnswer = z.object({
  elements: z
    .array(z.object({ role: word, state: word, organization: z.string().max(URN_LIMIT_CHARACTERS) }))
    .max(PAGE_LIMIT_ELEMENTS),
  paging: z
    .object({
      total: z.number().int().min(0).nullish(),
      links: z
        .array(z.object({ rel: word }))
        .max(20)
        .nullish(),
    })
    .nullish(),
});

export const organizationAnswer = z.object({
  id: z.number().int().positive(),
  localizedName: displayName,
  vanityName: handleText,
  /** The logo's address, where LinkedIn decorates the answer with it. */
  logoV2: z
    .object({
      'original~': z
        .object({
          elements: z
            .array(z.object({ identifiers: z.array(z.object({ identifier: z.unknown().optional() })).max(20) }))
            .max(20),
        })
        .nullish()
        .catch(null),
    })
    .nullish()
    .catch(null),
});
export type OrganizationAnswer = z.output<typeof organizationAnswer>;

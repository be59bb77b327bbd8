import {
  displayName,
  externalId,
  handleText,
  lifetimeSeconds,
  scopeList,
  tokenText,
  unixSeconds,
} from '#platform-http';
import { z } from 'zod';

/** The most items that one page of a listing may hold; the requests ask for less. */
const PAGE_LIMIT_ITEMS = 1_000;
const TASKS_LIMIT = 100;
const TASK_LIMIT_CHARACTERS = 100;
const CURSOR_LIMIT_CHARACTERS = 2_048;

export const userTokenAnswer = z.object({ access_token: tokenText, expires_in: lifetimeSeconds.optional() });

/** `GET /debug_token`: the one answer that says which scopes, and for which Pages, were really granted. */
export const inspectedTokenAnswer = z.object({
  data: z.object({
    app_id: z.string(),
    user_id: externalId,
    is_valid: z.literal(true),
    scopes: scopeList,
    granular_scopes: z
      .array(z.object({ scope: z.string(), target_ids: z.array(z.string()).max(10_000).nullish() }))
      .max(100)
      .nullish(),
    expires_at: unixSeconds.nullish(),
    data_access_expires_at: unixSeconds.nullish(),
  }),
});
export type InspectedToken = z.output<typeof inspectedTokenAnswer>['data'];

export const personAnswer = z.object({ id: externalId });

const pictureAnswer = z.object({ data: z.object({ url: z.unknown().optional() }).nullish() }).nullish();

export const instagramAnswer = z.object({
  id: externalId,
  username: handleText,
  name: displayName,
  profile_picture_url: z.unknown().optional(),
});
export type InstagramAnswer = z.output<typeof instagramAnswer>;

export const pageAnswer = z.object({
  id: externalId,
  name: displayName,
  username: handleText,
  link: z.unknown().optional(),
  picture: pictureAnswer,
  tasks: z.array(z.string().max(TASK_LIMIT_CHARACTERS)).max(TASKS_LIMIT).nullish(),
  /** Only whether there is one: Facebook gives it to those alone who have a role on the Page. */
  access_token: tokenText.nullish().transform((token) => token !== undefined && token !== null),
  instagram_business_account: instagramAnswer.nullish(),
});
export type PageAnswer = z.output<typeof pageAnswer>;

export const businessAnswer = z.object({ id: externalId });

/**
 * One page of a listing. Of `next` it only counts that there is one: its URL holds the token, so what follows is asked for by the
 * cursor. Null is the end; a `next` without a cursor leads nowhere, and the listing is not complete.
 */
export function listAnswer<Item extends z.ZodType>(item: Item) {
  return z.object({
    data: z.array(item).max(PAGE_LIMIT_ITEMS),
    paging: z
      .object({
        cursors: z.object({ after: z.string().max(CURSOR_LIMIT_CHARACTERS).nullish() }).nullish(),
        next: z.unknown().optional(),
      })
      .nullish()
      .transform((paging) => (paging?.next ? { after: paging.cursors?.after ?? null } : null)),
  });
}

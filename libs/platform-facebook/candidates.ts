import { shownUrl } from '#platform-http';
import type { Candidate, ConnectMethod, NotSelectable } from '#social-accounts';
import type { InspectedToken, InstagramAnswer, PageAnswer } from './answers.js';
import { FACEBOOK_PAGE_METHOD, INSTAGRAM_VIA_FACEBOOK_METHOD } from './methods.js';

/** The right to post, as classic Pages and the new Pages experience call it. */
const POSTING_TASKS = ['CREATE_CONTENT', 'PROFILE_PLUS_CREATE_CONTENT'];

/** What was granted, and for which Pages and Instagram accounts. */
export class GrantedAccess {
  readonly #scopes: ReadonlySet<string>;
  /** By scope, where the person ticked some; a scope that is missing here holds for everything. */
  readonly #targets: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(inspected: InspectedToken) {
    this.#scopes = new Set(inspected.scopes);
    this.#targets = new Map(
      (inspected.granular_scopes ?? []).flatMap(({ scope, target_ids: targets }) =>
        targets === undefined || targets === null ? [] : [[scope, new Set(targets)] as const],
      ),
    );
  }

  has(scope: string): boolean {
    return this.#scopes.has(scope);
  }

  /** Whether a scope was granted for one of these ids. */
  covers(scope: string, ids: readonly string[]): boolean {
    const targets = this.#targets.get(scope);
    return this.has(scope) && (targets === undefined || ids.some((id) => targets.has(id)));
  }
}

/** A Page that the consent reaches, and the Instagram account that is linked to it. `sandbox` admits pictures by http. */
export function candidatesOfPage(page: PageAnswer, access: GrantedAccess, sandbox: boolean): Candidate[] {
  const linked = page.instagram_business_account ?? null;
  return [
    pageCandidate(page, access, sandbox),
    ...(linked === null ? [] : [instagramCandidate(linked, page, access, sandbox)]),
  ];
}

function pageCandidate(page: PageAnswer, access: GrantedAccess, sandbox: boolean): Candidate {
  const handle = page.username;
  return {
    platform: 'facebook',
    method: 'direct',
    type: 'page',
    externalId: page.id,
    name: page.name ?? handle ?? page.id,
    handle,
    pictureUrl: shownUrl(page.picture?.data?.url, sandbox),
    profileUrl: shownUrl(page.link, sandbox) ?? `https://www.facebook.com/${page.id}`,
    notSelectable: whyNot(FACEBOOK_PAGE_METHOD, page, [page.id], access),
  };
}

function instagramCandidate(
  instagram: InstagramAnswer,
  page: PageAnswer,
  access: GrantedAccess,
  sandbox: boolean,
): Candidate {
  const handle = instagram.username;
  return {
    platform: 'instagram',
    method: 'via-facebook',
    type: 'professional',
    externalId: instagram.id,
    name: instagram.name ?? handle ?? instagram.id,
    handle,
    pictureUrl: shownUrl(instagram.profile_picture_url, sandbox),
    profileUrl: handle === null ? null : `https://www.instagram.com/${encodeURIComponent(handle)}/`,
    // Facebook lists the Instagram account, the Page, or both among a scope's targets, depending on the scope.
    notSelectable: whyNot(INSTAGRAM_VIA_FACEBOOK_METHOD, page, [instagram.id, page.id], access),
  };
}

function whyNot(
  method: ConnectMethod,
  page: PageAnswer,
  targets: readonly string[],
  access: GrantedAccess,
): NotSelectable | null {
  const [type] = method.accountTypes;
  const required = type === undefined ? [] : method.requiredScopes(type);
  if (!required.every((scope) => access.covers(scope, targets))) return 'missing-permission';
  // Pages that come by a business have no tasks; whoever has a role on one gets its token.
  const mayPost = page.tasks ? page.tasks.some((task) => POSTING_TASKS.includes(task)) : page.access_token;
  return mayPost ? null : 'not-allowed-to-post';
}

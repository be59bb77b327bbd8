import type { Secret } from '#kernel';
import type { TimeBudget } from '#platform-http';
import { PlatformFailure } from '#social-accounts';
import { businessAnswer, pageAnswer, type PageAnswer } from './answers.js';
import type { GrantedAccess } from './candidates.js';
import type { FacebookGraph, Listed } from './graph.js';

const PAGE_FIELDS = 'id,name,username,link,picture{url}';
const INSTAGRAM_FIELDS = 'instagram_business_account{id,username,name,profile_picture_url}';
/** An attempt gathers no more; a Page may bring an Instagram account beside itself. */
const LISTING_LIMIT_PAGES = 1_000;

/**
 * Every Page that a person's token reaches: those of the person, then those of their business portfolios, which the first
 * listing leaves out. A listing that Facebook refuses for want of a permission leaves the result incomplete; any other failure
 * fails the whole.
 */
export async function listPages(
  graph: FacebookGraph,
  token: Secret,
  access: GrantedAccess,
  budget: TimeBudget,
): Promise<Listed<PageAnswer> | PlatformFailure> {
  const pages = new Map<string, PageAnswer>();
  const shared = access.has('instagram_basic') ? `${PAGE_FIELDS},${INSTAGRAM_FIELDS}` : PAGE_FIELDS;
  let complete = true;
  const listed: [path: string, fields: string][] = [['me/accounts', `${shared},tasks`]];
  if (access.has('business_management')) {
    const businesses = await allowedPart(graph.list('me/businesses', 'id', token, businessAnswer, budget));
    if (businesses instanceof PlatformFailure) return businesses;
    complete &&= businesses.complete;
    for (const { id } of businesses.items) {
      listed.push([`${id}/owned_pages`, `${shared},access_token`], [`${id}/client_pages`, `${shared},access_token`]);
    }
  } else {
    complete = false;
  }
  for (const [path, fields] of listed) {
    if (pages.size >= LISTING_LIMIT_PAGES || budget.isSpent()) return { items: [...pages.values()], complete: false };
    const part = await allowedPart(graph.list(path, fields, token, pageAnswer, budget));
    if (part instanceof PlatformFailure) return part;
    complete &&= part.complete;
    // The person's own listing comes first and knows the tasks, so it wins.
    for (const page of part.items) if (!pages.has(page.id)) pages.set(page.id, page);
  }
  return { items: [...pages.values()], complete };
}

async function allowedPart<Item>(
  listing: Promise<Listed<Item> | PlatformFailure>,
): Promise<Listed<Item> | PlatformFailure> {
  const listed = await listing;
  const refused =
    listed instanceof PlatformFailure && (listed.kind === 'missing-permission' || listed.kind === 'access-lost');
  return refused ? { items: [], complete: false } : listed;
}

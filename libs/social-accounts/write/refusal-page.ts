import { Answered, problemHeaders, statusOf } from '#http';
import type { Refusal } from '#kernel';
import { escapeHtml, pageOf } from './page.js';

/** What people are told who came by a link or from a platform, by the refusal's code. */
const TITLES: Partial<Record<Refusal['code'], string>> = {
  'not-found': 'This link does not work',
  'state-invalid': 'This does not belong to anything under way here',
  'connection-lapsed': 'The time for this is over',
  'different-browser': 'Another browser began this',
  'rate-limited': 'Too many tries',
};
const OTHERWISE = 'This cannot be done just now';

/** Whether a person's browser asks, and no program: a browser that opens a page names HTML. */
export const asksForPage = (accept: string | undefined): boolean => accept?.includes('text/html') ?? false;

/** A refusal as a page, with the status and the code that a program would get. */
export function refusalPage(refusal: Refusal, correlationId: string): Answered<string> {
  const { html, headers } = pageOf(
    TITLES[refusal.code] ?? OTHERWISE,
    `<p>${escapeHtml(refusal.detail)}</p>
<p>Nothing has changed, and you can close this page.</p>
<p><small>${escapeHtml(refusal.code)} · ${escapeHtml(correlationId)}</small></p>`,
  );
  return new Answered(html, { status: statusOf(refusal), headers: { ...problemHeaders(refusal), ...headers } });
}

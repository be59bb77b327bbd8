import type { FlowRecord } from './oauth-flows.js';
import { escapeHtml, pageOf, type Page } from './page.js';

export interface StartPage extends Page {
  readonly flow: FlowRecord;
  readonly authorizationUrl: string;
}

/** The page behind a start link: who asks, for which workspace, and a button that goes on to the platform. */
export function startPage(facts: {
  readonly flow: FlowRecord;
  readonly authorizationUrl: string;
  readonly workspaceName: string;
  readonly starterName: string;
  readonly platformName: string;
}): StartPage {
  const { flow, authorizationUrl } = facts;
  const [workspace, starter, platform] = [facts.workspaceName, facts.starterName, facts.platformName].map(escapeHtml);
  const page = pageOf(
    `Connect ${facts.platformName}`,
    `<p><strong>${starter}</strong> asks you to connect an account to the workspace <strong>${workspace}</strong>.</p>
<p>You sign in at ${platform} itself; no password reaches this service. Go on only if you know who asks.</p>
<form method="post"><button type="submit">Continue to ${platform}</button></form>`,
  );
  return { ...page, flow, authorizationUrl };
}

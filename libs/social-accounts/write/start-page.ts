import type { FlowRecord } from './oauth-flows.js';

export interface StartPage {
  readonly flow: FlowRecord;
  readonly authorizationUrl: string;
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The page behind a start link: plain HTML without script, so that it works everywhere and runs nothing. */
export function startPage(facts: {
  readonly flow: FlowRecord;
  readonly authorizationUrl: string;
  readonly workspaceName: string;
  readonly starterName: string;
  readonly platformName: string;
}): StartPage {
  const { flow, authorizationUrl } = facts;
  const [workspace, starter, platform] = [facts.workspaceName, facts.starterName, facts.platformName].map(escapeHtml);
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Connect ${platform}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Connect ${platform}</h1>
<p><strong>${starter}</strong> asks you to connect an account to the workspace <strong>${workspace}</strong>.</p>
<p>You sign in at ${platform} itself; no password reaches this service. Go on only if you know who asks.</p>
<form method="post"><button type="submit">Continue to ${platform}</button></form>
</main>
</body>
</html>
`;
  return { flow, authorizationUrl, html, headers: PAGE_HEADERS };
}

const STYLE = `
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: light-dark(#f4f5f8, #14161b); color: light-dark(#1b1f2a, #e8eaf0); }
main { max-width: 26rem; margin: 1rem; padding: 2rem; border-radius: 1rem; background: light-dark(#fff, #1e2129); box-shadow: 0 1px 3px #0003; }
h1 { margin-top: 0; font-size: 1.4rem; }
strong { overflow-wrap: anywhere; }
button { font: inherit; font-weight: 600; padding: .7rem 1.2rem; border: 0; border-radius: .6rem; background: #3454d1; color: #fff; cursor: pointer; }
button:focus-visible { outline: 3px solid #3454d1; outline-offset: 3px; }
`;

/** No script, nothing from elsewhere, no frame around it; the form leads on to the platform. */
const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
};

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);

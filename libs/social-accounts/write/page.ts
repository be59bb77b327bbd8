/** A page for people who come by a link or from a platform: plain HTML without script, so that it works everywhere and runs nothing. */
export interface Page {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @param body HTML, in which everything that others wrote is escaped. */
export function pageOf(title: string, body: string): Page {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</body>
</html>
`;
  return { html, headers: HEADERS };
}

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);

const STYLE = `
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: light-dark(#f4f5f8, #14161b); color: light-dark(#1b1f2a, #e8eaf0); }
main { max-width: 26rem; margin: 1rem; padding: 2rem; border-radius: 1rem; background: light-dark(#fff, #1e2129); box-shadow: 0 1px 3px #0003; }
h1 { margin-top: 0; font-size: 1.4rem; }
strong { overflow-wrap: anywhere; }
small { color: light-dark(#5a6172, #a3a9b8); overflow-wrap: anywhere; }
button { font: inherit; font-weight: 600; padding: .7rem 1.2rem; border: 0; border-radius: .6rem; background: #3454d1; color: #fff; cursor: pointer; }
button:focus-visible { outline: 3px solid #3454d1; outline-offset: 3px; }
`;

/** No script, nothing from elsewhere, no frame around it; a form leads on to the platform. */
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
};

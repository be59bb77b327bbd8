/** One person that can sign in on the consent page. */
export interface ConsentChoice {
  readonly id: string;
  readonly name: string;
  readonly picture: string;
  /** The names of what else comes with it. */
  readonly offers: readonly string[];
}

export interface ConsentPage {
  readonly platform: string;
  readonly client: string;
  readonly destination: string;
  readonly choices: readonly ConsentChoice[];
  readonly chosen: string | null;
  readonly scopes: readonly string[];
  /** The parameters of the request, which the form sends again. */
  readonly parameters: readonly (readonly [string, string])[];
}

const STYLE = `
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 1rem; } main { max-width: 32rem; margin: 0 auto; }
.notice { background: #ffe08a; color: #3b2f00; padding: .75rem 1rem; border-radius: .5rem; }
fieldset { border: 1px solid #8888; border-radius: .5rem; margin: 1rem 0; padding: .5rem 1rem; }
label { display: flex; gap: .75rem; align-items: center; min-height: 3rem; overflow-wrap: anywhere; }
input { width: 1.25rem; height: 1.25rem; flex: none; } img { border-radius: 50%; flex: none; } small { display: block; }
button { font: inherit; min-height: 3rem; padding: 0 1.5rem; border-radius: .5rem; border: 2px solid #1f5fbf; margin: 0 .5rem .5rem 0; }
button.allow { background: #1f5fbf; color: #fff; } button.deny { background: transparent; color: inherit; }
:focus-visible { outline: 3px solid #1f5fbf; outline-offset: 2px; }`;

/** The page on which a person picks who to be and allows or denies. It works without scripts, by keyboard and on a phone. */
export function consentPage(page: ConsentPage): string {
  const title = `${page.platform} (sandbox)`;
  return document(
    title,
    `<p class="notice" role="note"><strong>This is a sandbox, not ${escapeHtml(page.platform)}.</strong>
     Nothing leaves this machine and no real account is touched.</p>
     <h1>${escapeHtml(title)}</h1>
     <p><strong>${escapeHtml(page.client)}</strong> asks for access. You will return to ${escapeHtml(page.destination)}.</p>
     <form method="get">
       ${page.parameters.map(hiddenInput).join('\n')}
       <fieldset><legend>Continue as</legend>${page.choices.map((choice, index) => choiceInput(choice, page.chosen === null ? index === 0 : page.chosen === choice.id)).join('\n')}</fieldset>
       ${scopeInputs(page.scopes)}
       <p><button class="allow" name="sandbox_decision" value="allow">Allow</button>
          <button class="deny" name="sandbox_decision" value="deny">Deny</button></p>
     </form>`,
  );
}

/** The page for a request that must not be answered with a redirect, because who would receive it is not certain. */
export function refusalPage(platform: string, reason: string): string {
  return document(
    `${platform} (sandbox)`,
    `<p class="notice" role="note"><strong>This is a sandbox, not ${escapeHtml(platform)}.</strong></p>
     <h1>This request cannot go on</h1><p>${escapeHtml(reason)}</p>`,
  );
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}

function document(title: string, main: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"><style>${STYLE}</style></head>
<body><main>${main}</main></body></html>`;
}

function hiddenInput([name, value]: readonly [string, string]): string {
  return `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`;
}

function choiceInput({ id, name, picture, offers }: ConsentChoice, checked: boolean): string {
  return `<label><input type="radio" name="sandbox_identity" value="${escapeHtml(id)}" required${checked ? ' checked' : ''}>
    <img src="${escapeHtml(picture)}" alt="" width="40" height="40">
    <span>${escapeHtml(name)} (${escapeHtml(id)})${offers.length === 0 ? '' : `<small>with ${escapeHtml(offers.join(', '))}</small>`}</span></label>`;
}

/** The empty value comes first, so that nothing ticked is told apart from not having been asked. */
function scopeInputs(scopes: readonly string[]): string {
  if (scopes.length === 0) return '';
  const boxes = scopes.map(
    (scope) =>
      `<label><input type="checkbox" name="sandbox_scopes" value="${escapeHtml(scope)}" checked><span>${escapeHtml(scope)}</span></label>`,
  );
  return `<fieldset><legend>It may</legend><input type="hidden" name="sandbox_scopes" value="">${boxes.join('\n')}</fieldset>`;
}

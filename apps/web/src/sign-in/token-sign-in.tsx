import { useState, type SubmitEvent } from 'react';

/** Outside the sandbox the identity provider gives the token; here it is only taken for this tab. */
export function TokenSignIn({ onToken }: { readonly onToken: (token: string) => void }) {
  const [token, setToken] = useState('');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const given = token.trim().replace(/^bearer\s+/i, '');
    if (given !== '') {
      onToken(given);
    }
  };
  return (
    <form className="stack" onSubmit={submit}>
      <div className="field">
        <label htmlFor="token">Access token</label>
        <input
          id="token"
          className="input"
          type="password"
          value={token}
          onChange={(event) => setToken(event.target.value)}
          aria-describedby="token-hint"
          autoComplete="off"
          spellCheck={false}
          required
        />
        <p className="field__hint" id="token-hint">
          A bearer token of your identity provider. It stays in this tab and is gone when you close it or sign out.
        </p>
      </div>
      <button type="submit" className="button button--main">
        Sign in
      </button>
    </form>
  );
}

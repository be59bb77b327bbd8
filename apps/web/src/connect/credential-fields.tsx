interface AppPasswordFieldsProps {
  readonly identifier: string;
  readonly password: string;
  readonly onIdentifier: (value: string) => void;
  readonly onPassword: (value: string) => void;
}

/** What Bluesky takes instead of a consent page. */
export function AppPasswordFields({ identifier, password, onIdentifier, onPassword }: AppPasswordFieldsProps) {
  return (
    <>
      <div className="field">
        <label htmlFor="identifier">Handle</label>
        <input
          id="identifier"
          className="input"
          value={identifier}
          onChange={(event) => onIdentifier(event.target.value)}
          placeholder="name.bsky.social"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          data-autofocus
          required
        />
      </div>
      <div className="field">
        <label htmlFor="app-password">App password</label>
        <input
          id="app-password"
          className="input"
          type="password"
          value={password}
          onChange={(event) => onPassword(event.target.value)}
          aria-describedby="app-password-hint"
          autoComplete="off"
          required
        />
        <p className="field__hint" id="app-password-hint">
          Not the password you log in with: make an app password in Bluesky under Settings, Privacy and security. You
          can take it away there at any time.
        </p>
      </div>
    </>
  );
}

interface InstanceFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** The server of a Mastodon account. */
export function InstanceField({ value, onChange }: InstanceFieldProps) {
  return (
    <div className="field">
      <label htmlFor="instance">Your server</label>
      <input
        id="instance"
        className="input"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        placeholder="mastodon.social"
        aria-describedby="instance-hint"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        inputMode="url"
        data-autofocus
        required
      />
      <p className="field__hint" id="instance-hint">
        The part after the last @ of your address.
      </p>
    </div>
  );
}

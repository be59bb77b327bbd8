import { useState } from 'react';
import { formatMoment } from '../design/dates.js';

interface StartLinkProps {
  readonly url: string;
  readonly lapsesAt: string;
  readonly zone: string;
}

/** A link that begins the attempt in another browser: it works once, and not for long. */
export function StartLink({ url, lapsesAt, zone }: StartLinkProps) {
  const [said, setSaid] = useState('');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(url);
      setSaid('The link is copied.');
    } catch {
      // Some browsers and pages have no clipboard; the text can still be selected.
      setSaid('Copying did not work. Select the link and copy it yourself.');
    }
  };
  return (
    <div className="field">
      <label htmlFor="start-link">Link for another browser</label>
      <div className="start-link">
        <input
          id="start-link"
          className="input"
          readOnly
          value={url}
          onFocus={(event) => event.currentTarget.select()}
          aria-describedby="start-link-hint"
        />
        <button type="button" className="button" onClick={() => void copy()}>
          Copy link
        </button>
      </div>
      <p className="field__hint" id="start-link-hint">
        Give it only to the person who should reconnect the account. It works once, until {formatMoment(lapsesAt, zone)}
        .
      </p>
      <p role="status" className="field__hint">
        {said}
      </p>
    </div>
  );
}

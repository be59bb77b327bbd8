import type { Connection, PlatformId } from '#contract';
import { WarningIcon } from '../design/icons.js';
import { navigate } from '../navigation/navigation.js';
import { rememberedAttempt } from './remembered-attempt.js';
import { FAILURE_WORDS, LAPSED_WORDS } from './words.js';

interface ConnectionFailedProps {
  readonly connection: Connection;
  readonly onClose: () => void;
  readonly onTryAgain: (platform: PlatformId) => void;
}

/** An attempt that came to nothing (C8): why, and what to do next. */
export function ConnectionFailed({ connection, onClose, onTryAgain }: ConnectionFailedProps) {
  const { failure } = connection;
  const words = failure === undefined ? LAPSED_WORDS : FAILURE_WORDS[failure.code];
  const accountId = rememberedAttempt(connection.id)?.accountId ?? connection.accountIds[0] ?? null;
  const tryAgain = (): void => {
    if (connection.purpose === 'connect') {
      onTryAgain(connection.platform);
    } else if (accountId !== null) {
      navigate({ connection: null, account: accountId }, 'replace');
    }
  };
  return (
    <div className="stack">
      <div className="notice notice--bad" role="alert">
        <WarningIcon />
        <div className="notice__text">
          <strong>{words.title}</strong>
          <p>{words.next}</p>
          {failure === undefined ? null : (
            <p className="notice__reference">
              Code <code>{failure.code}</code>
            </p>
          )}
        </div>
      </div>
      <p className="soft">Nothing was changed.</p>
      <div className="dialog__actions">
        <button type="button" className="button" onClick={onClose}>
          Not now
        </button>
        {connection.purpose === 'connect' || accountId !== null ? (
          <button type="button" className="button button--main" onClick={tryAgain} data-autofocus>
            {connection.purpose === 'connect' ? 'Try again' : 'Back to the account'}
          </button>
        ) : null}
      </div>
    </div>
  );
}

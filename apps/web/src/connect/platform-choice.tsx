import type { Platform, PlatformId } from '#contract';
import { PLATFORM_NAMES, PlatformMark } from '../design/platform-mark.js';
import { ACCOUNT_TYPE_WORDS } from './words.js';

interface PlatformChoiceProps {
  readonly platforms: readonly Platform[];
  readonly onChoose: (platform: PlatformId) => void;
}

/** All platforms (C1): those that are set up as buttons, the others with the reason why they are none. */
export function PlatformChoice({ platforms, onChoose }: PlatformChoiceProps) {
  const ready = platforms.filter(({ configured }) => configured);
  const off = platforms.filter(({ configured }) => !configured);
  return (
    <div className="stack">
      {ready.length === 0 ? null : (
        <>
          <p className="soft">Choose the platform. You log in there; no password of it is ever seen here.</p>
          <ul className="platforms">
            {ready.map((platform) => (
              <li key={platform.id}>
                <button type="button" className="platforms__choice" onClick={() => onChoose(platform.id)}>
                  <PlatformMark platform={platform.id} />
                  <span className="choice__text">
                    <strong>{PLATFORM_NAMES[platform.id]}</strong>
                    <span className="faint">{describe(platform)}</span>
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      {off.length === 0 ? null : (
        <section className="stack stack--close" aria-labelledby="platforms-off">
          <h3 id="platforms-off">Not set up here</h3>
          <p className="faint">
            {ready.length === 0 ? 'No platform is set up yet. ' : ''}
            For these the operator of this service has not entered a client id and secret of the platform yet.
          </p>
          <ul className="platforms platforms--off">
            {off.map(({ id }) => (
              <li key={id} className="platforms__off">
                <PlatformMark platform={id} />
                {PLATFORM_NAMES[id]}
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function describe(platform: Platform): string {
  const types = platform.accountTypes.map((type) => ACCOUNT_TYPE_WORDS[type]).join(', ');
  return platform.mode === 'sandbox' ? `${types} (sandbox)` : types;
}

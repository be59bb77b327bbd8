import { PlusIcon } from '../design/icons.js';
import { PlatformMark } from '../design/platform-mark.js';
import { navigate } from '../navigation/navigation.js';

interface NoAccountsProps {
  readonly isFiltered: boolean;
  /** Null where the person may not connect. */
  readonly onConnect: (() => void) | null;
  /** Called once the filters are cleared: the button that did it goes with them. */
  readonly onCleared: () => void;
}

/** An empty list says why it is empty and what to do about it. */
export function NoAccounts({ isFiltered, onConnect, onCleared }: NoAccountsProps) {
  const clear = (): void => {
    navigate({ status: 'all', platform: null, q: '' });
    onCleared();
  };
  if (isFiltered) {
    return (
      <div className="empty">
        <h2>No account matches</h2>
        <p className="soft">
          Nothing fits these filters together. A search looks at the beginning of each word of a name or handle.
        </p>
        <button type="button" className="button" onClick={clear}>
          Clear the filters
        </button>
      </div>
    );
  }
  return (
    <div className="empty">
      <p className="empty__marks">
        <PlatformMark platform="facebook" />
        <PlatformMark platform="instagram" />
        <PlatformMark platform="linkedin" />
      </p>
      <h2>Connect your first account</h2>
      <p className="soft">
        Pages, profiles and channels that you connect appear here, with the state of their access and of their queue.
      </p>
      {onConnect === null ? (
        <p className="soft">Your role does not include connecting accounts. Ask an admin of this workspace.</p>
      ) : (
        <button type="button" className="button button--main" onClick={onConnect}>
          <PlusIcon />
          Choose a platform
        </button>
      )}
    </div>
  );
}

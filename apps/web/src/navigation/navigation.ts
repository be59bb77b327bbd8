import { useMemo, useSyncExternalStore } from 'react';
import { formatAddress, parseAddress, type PageAddress } from './page-address.js';

const NAVIGATED = 'social-accounts:navigated';

/** Where the page is, and stays up to date with Back, Forward and `navigate`. */
export function useAddress(): PageAddress {
  const search = useSyncExternalStore(subscribe, () => window.location.search);
  return useMemo(() => parseAddress(search), [search]);
}

/**
 * Changes part of the address. `replace` is for what Back should not step through, such as each letter of a search.
 */
export function navigate(change: Partial<PageAddress>, how: 'push' | 'replace' = 'push'): void {
  const target = addressWith(change);
  if (target === window.location.pathname + window.location.search) {
    return;
  }
  if (how === 'push') {
    window.history.pushState(null, '', target);
  } else {
    window.history.replaceState(null, '', target);
  }
  window.dispatchEvent(new Event(NAVIGATED));
}

/** The URL of the page as it is now with some parts changed: for links. */
export function addressWith(change: Partial<PageAddress>): string {
  return formatAddress({ ...parseAddress(window.location.search), ...change });
}

function subscribe(changed: () => void): () => void {
  window.addEventListener('popstate', changed);
  window.addEventListener(NAVIGATED, changed);
  return () => {
    window.removeEventListener('popstate', changed);
    window.removeEventListener(NAVIGATED, changed);
  };
}

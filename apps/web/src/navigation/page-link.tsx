import type { MouseEvent, ReactNode } from 'react';
import { addressWith, navigate, useAddress } from './navigation.js';
import type { PageAddress } from './page-address.js';

interface PageLinkProps {
  readonly to: Partial<PageAddress>;
  readonly children: ReactNode;
  readonly className?: string;
  readonly current?: boolean;
}

/** A real link, so that it can be copied and opened in another tab; a plain click changes the address in place. */
export function PageLink({ to, children, className, current }: PageLinkProps) {
  // The link keeps what it does not change, so it follows every change of the address.
  useAddress();
  const follow = (event: MouseEvent): void => {
    const opensElsewhere = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0;
    if (!opensElsewhere) {
      event.preventDefault();
      navigate(to);
    }
  };
  return (
    <a
      href={addressWith(to)}
      className={className}
      aria-current={current === true ? 'page' : undefined}
      onClick={follow}
    >
      {children}
    </a>
  );
}

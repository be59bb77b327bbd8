import { useEffect, useRef, type RefObject } from 'react';

/**
 * The title of a new screen, which takes the focus where what was pressed is gone with the screen before.
 *
 * When the page has just been opened nothing was pressed, and reading begins at its top as usual.
 */
export function useArrivalFocus(): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (navigator.userActivation.hasBeenActive && document.activeElement === document.body) {
      heading.current?.focus();
    }
  }, []);
  return heading;
}

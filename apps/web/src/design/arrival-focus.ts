import { useEffect, useRef, type RefObject } from 'react';

/** Whether the page shows the screen that it was opened with. */
let isFirstScreen = true;

/**
 * The title of a screen, which takes the focus where what was pressed is gone with the screen before.
 *
 * On the screen that the page opens with nothing was pressed, and reading begins at its top as usual.
 */
export function useArrivalFocus(): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!isFirstScreen && document.activeElement === document.body) {
      heading.current?.focus();
    }
    isFirstScreen = false;
  }, []);
  return heading;
}

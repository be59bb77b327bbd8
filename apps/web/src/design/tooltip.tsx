import { useId, useState, type KeyboardEvent, type ReactNode } from 'react';
import './tooltip.css';

interface TooltipProps {
  /** The sentence that explains. */
  readonly text: string;
  /** What is explained; it becomes focusable, so that a keyboard and a finger reach the sentence too. */
  readonly children: ReactNode;
  readonly className?: string;
}

/** A sentence shown on hover, focus and tap; it stays while the pointer is on it and goes with Escape. */
export function Tooltip({ text, children, className }: TooltipProps) {
  const [shown, setShown] = useState(false);
  const id = useId();
  const dismiss = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && shown) {
      // Escape closes the tooltip first, and a dialog around it only the next time.
      event.preventDefault();
      event.stopPropagation();
      setShown(false);
    }
  };
  return (
    <span
      className="tooltip"
      onMouseEnter={() => setShown(true)}
      onMouseLeave={() => setShown(false)}
      onKeyDown={dismiss}
    >
      <button
        type="button"
        className={`tooltip__trigger ${className ?? ''}`}
        aria-describedby={id}
        onFocus={() => setShown(true)}
        onBlur={() => setShown(false)}
        onClick={() => setShown(true)}
      >
        {children}
      </button>
      <span role="tooltip" id={id} className="tooltip__text" hidden={!shown}>
        {text}
      </span>
    </span>
  );
}

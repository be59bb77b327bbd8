import { useEffect, useId, useLayoutEffect, useRef, type MouseEvent, type ReactNode, type SyntheticEvent } from 'react';
import './dialog.css';
import { CloseIcon } from './icons.js';

interface DialogProps {
  readonly title: ReactNode;
  /** Asked for by Escape, the close button and, for a panel, a click beside it. */
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly kind?: 'window' | 'panel';
  /** Changes when the content becomes another step; the focus then goes back to the title. */
  readonly step?: string;
}

/**
 * A modal dialog made of the browser's own: it keeps the focus inside and gives it back to where it came from.
 *
 * The focus starts at the element marked `data-autofocus`, else at the title.
 */
export function Dialog({ title, onClose, children, kind = 'window', step = '' }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const titleId = useId();

  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // Closing it before it leaves the page is what returns the focus.
    return () => element?.close();
  }, []);

  useEffect(() => {
    const marked = dialog.current?.querySelector<HTMLElement>('[data-autofocus]');
    (marked ?? heading.current)?.focus();
    dialog.current?.scrollTo(0, 0);
  }, [step]);

  // React lets these events of a dialog inside this one bubble up to here, though the browser does not.
  const cancel = (event: SyntheticEvent): void => {
    if (event.target === dialog.current) {
      event.preventDefault();
      onClose();
    }
  };
  // Where nobody has pressed anything since it opened, the browser closes a dialog without asking first.
  const closed = (event: SyntheticEvent): void => {
    if (event.target === dialog.current && dialog.current.isConnected) {
      onClose();
    }
  };
  const clickBeside = (event: MouseEvent): void => {
    if (kind === 'panel' && event.target === dialog.current) {
      onClose();
    }
  };

  return (
    <dialog
      ref={dialog}
      className={`dialog dialog--${kind}`}
      aria-labelledby={titleId}
      onCancel={cancel}
      onClose={closed}
      onClick={clickBeside}
    >
      <div className="dialog__body">
        <header className="dialog__header">
          <h2 id={titleId} ref={heading} tabIndex={-1}>
            {title}
          </h2>
          <button type="button" className="icon-button" aria-label="Close" onClick={onClose}>
            <CloseIcon />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

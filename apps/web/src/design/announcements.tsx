import { useEffect, useState } from 'react';
import './announcements.css';

const SHOWN_MS = 7_000;

interface AnnouncementsProps {
  /** `count` goes up with each message, so that the same words twice are told twice. */
  readonly message: { readonly text: string; readonly count: number };
}

/** What has come of a command, shown for a while and read aloud without taking the focus. */
export function Announcements({ message }: AnnouncementsProps) {
  const [shown, setShown] = useState('');
  useEffect(() => {
    setShown(message.text);
    const timer = setTimeout(() => setShown(''), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [message]);
  return (
    <div className="announcements" role="status" aria-live="polite">
      {shown === '' ? null : <p>{shown}</p>}
    </div>
  );
}

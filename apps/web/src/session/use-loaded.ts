import { useCallback, useEffect, useState } from 'react';
import type { ApiResult, Problem } from '#contract';

/** Something read from the API. `renewing` says that a newer reading is on its way. */
export type Loaded<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly problem: Problem }
  | { readonly state: 'ready'; readonly value: T; readonly renewing: boolean };

interface Kept<T> {
  readonly subject: string;
  readonly loaded: Loaded<T>;
}

/**
 * Reads when the component appears, when `subject` changes, and again when `generation` goes up.
 *
 * A new subject starts from `loading`; a new generation keeps showing the old value until the new one is there.
 */
export function useLoaded<T>(
  subject: string,
  generation: number,
  load: (signal: AbortSignal) => Promise<ApiResult<T>>,
): { readonly loaded: Loaded<T>; readonly retry: () => void } {
  const [kept, setKept] = useState<Kept<T>>({ subject, loaded: { state: 'loading' } });
  const [tries, setTries] = useState(0);

  useEffect(() => {
    const stop = new AbortController();
    setKept((before) => ({ subject, loaded: before.subject === subject ? renewing(before.loaded) : LOADING }));
    void load(stop.signal).then((result) => {
      if (!stop.signal.aborted) {
        setKept({
          subject,
          loaded: result.ok
            ? { state: 'ready', value: result.value, renewing: false }
            : { state: 'failed', problem: result.problem },
        });
      }
    });
    return () => stop.abort();
    // `load` is a new function at each render; what it reads is named by the subject.
  }, [subject, generation, tries]);

  const retry = useCallback(() => setTries((before) => before + 1), []);
  return { loaded: kept.subject === subject ? kept.loaded : LOADING, retry };
}

const LOADING = { state: 'loading' } as const;

function renewing<T>(loaded: Loaded<T>): Loaded<T> {
  return loaded.state === 'ready' ? { ...loaded, renewing: true } : LOADING;
}

import type { LogIndex } from '../storage/log-index.js';

/** Which events of $all a subscription wants. */
export interface EventFilter {
  readonly on: 'stream-name' | 'event-type';
  readonly prefixes: readonly string[];
  /** Used when there are no prefixes. */
  readonly regex: string;
  /** So many events are considered before a checkpoint is sent. */
  readonly checkpointEvery: number;
}

/** Search window of a filter that names none. */
export const DEFAULT_SEARCH_WINDOW = 32;

/** Makes the test of a filter. Throws a SyntaxError for a regular expression that is none. */
export function compileFilter(index: LogIndex, filter: EventFilter): (ordinal: number) => boolean {
  const wanted = matcher(filter);
  // Stream names and types repeat, and each test of a name is worth remembering while a long log is read.
  const known = new Map<string, boolean>();
  return (ordinal) => {
    const name = filter.on === 'stream-name' ? index.streamAt(ordinal).name : index.typeAt(ordinal);
    let answer = known.get(name);
    if (answer === undefined) {
      answer = wanted(name);
      if (known.size < REMEMBERED_NAMES) known.set(name, answer);
    }
    return answer;
  };
}

const REMEMBERED_NAMES = 10_000;

function matcher(filter: EventFilter): (name: string) => boolean {
  if (filter.prefixes.length > 0) return (name) => filter.prefixes.some((prefix) => name.startsWith(prefix));
  const regex = new RegExp(filter.regex);
  return (name) => regex.test(name);
}

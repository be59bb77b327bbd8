import { StoreUnavailable, type EventStore } from '#kernel';

/**
 * The event store as a process may use it that goes by the sandbox's time: it appends nothing while it may go by an earlier time
 * than the others. Reading goes on. A wrapper by hand would have to know every method of the port; this one knows the one it minds.
 */
export function appendingWhileConnected(events: EventStore, isConnected: () => boolean): EventStore {
  const append: EventStore['append'] = async (stream, expected, toAppend) => {
    if (!isConnected()) throw new StoreUnavailable('There is no connection to the sandbox, and so no certain time.');
    return events.append(stream, expected, toAppend);
  };
  return new Proxy(events, {
    get(target, name) {
      if (name === 'append') return append;
      const found: unknown = Reflect.get(target, name, target);
      return typeof found === 'function' ? (found.bind(target) as unknown) : found;
    },
  });
}

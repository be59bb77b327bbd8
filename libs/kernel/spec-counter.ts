import { z } from 'zod';
import { Refusal } from './refusal.js';
import type { StreamDefinition } from './stream.js';
import type { Executed, Streams } from './streams.js';
import { specContext } from './spec-stores.js';

/** A counter that says what it was before each step: a history in which nothing was decided twice on one state is 0, 1, 2, … */
export const counterEvents = {
  Counted: {
    version: 2,
    data: z.strictObject({ before: z.int(), subjects: z.array(z.string()) }),
    personal: z.strictObject({ note: z.string() }),
    upcast: (data: object) => ({ ...data, subjects: [] }),
  },
  Closed: { version: 1, data: z.strictObject({}) },
};

export interface CounterState {
  readonly count: number;
  readonly isClosed: boolean;
}

export const counter: StreamDefinition<typeof counterEvents, CounterState> = {
  category: 'counter',
  events: counterEvents,
  initial: { count: 0, isClosed: false },
  evolve(state, event) {
    switch (event.type) {
      case 'Counted':
        return { ...state, count: state.count + 1 };
      case 'Closed':
        return { ...state, isClosed: true };
    }
  },
};

type Counting = Refusal | Executed<CounterState, object>;
type Context = Parameters<typeof specContext>[0];

const execute = (
  streams: Streams,
  id: string,
  context: Context,
  decide: Parameters<typeof streams.execute<typeof counterEvents, CounterState>>[0]['decide'],
): Promise<Counting> =>
  streams.execute({ definition: counter, id, workspaceId: 'ws_1', context: specContext(context), decide });

/** Counts once more; refused once the counter is closed. `seen` is told every state that was decided on. */
export const count = (
  streams: Streams,
  id: string,
  context: Context = {},
  seen: (state: CounterState) => void = () => undefined,
): Promise<Counting> =>
  execute(streams, id, context, (state) => {
    seen(state);
    if (state.isClosed) return new Refusal('already-decided', 'It is closed.');
    return [{ type: 'Counted', data: { before: state.count, subjects: [] } }];
  });

/** Counts up to a number at most: nothing when it is reached. */
export const countTo = (streams: Streams, id: string, goal: number): Promise<Counting> =>
  execute(streams, id, {}, (state) =>
    state.count >= goal ? [] : [{ type: 'Counted', data: { before: state.count, subjects: [] } }],
  );

export const close = (streams: Streams, id: string): Promise<Counting> =>
  execute(streams, id, {}, (state) => (state.isClosed ? [] : [{ type: 'Closed', data: {} }]));

/** Counts only where the counter is closed: refused otherwise. */
export const countClosed = (streams: Streams, id: string): Promise<Counting> =>
  execute(streams, id, {}, (state) =>
    state.isClosed
      ? [{ type: 'Counted', data: { before: state.count, subjects: [] } }]
      : new Refusal('not-found', 'It is open.'),
  );

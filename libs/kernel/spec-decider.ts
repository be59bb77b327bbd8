import { expect } from '@jest/globals';
import { isRefusal, type RefusalCode } from './refusal.js';
import type { Decision, EventDefinitions, EventOf, StreamDefinition } from './stream.js';

/** What a decision came to, in the words of a specification. */
export interface Outcome<Event> {
  /** These events and no others. Answers what the same command comes to when it is asked once more. */
  then(...expected: readonly Event[]): { readonly askedAgain: Outcome<Event> };
  thenNothing(): void;
  thenRefused(code: RefusalCode): void;
  /** Hands out the events for what `then` cannot say well. */
  thenEvents(): readonly Event[];
}

/** Given these events, when this is decided, then those events, nothing, or a refusal. Decided events must fit their schemas. */
export function specification<Definitions extends EventDefinitions, State>(
  definition: StreamDefinition<Definitions, State>,
) {
  type Event = EventOf<Definitions>;
  const fold = (state: State, events: readonly Event[]): State =>
    events.reduce((before, event) => definition.evolve(before, event), state);

  const outcomeOf = (state: State, decide: (state: State) => Decision<Event>): Outcome<Event> => {
    const untouched = structuredClone(state);
    const decision = decide(state);
    expect(state).toEqual(untouched);
    const events = (): readonly Event[] => {
      if (isRefusal(decision)) throw new Error(`It was refused: ${decision.code}.`);
      for (const { type, data, personal } of decision) {
        const schema = definition.events[type];
        schema?.data.parse(data);
        if (personal !== undefined) expect(schema?.personal?.parse(personal)).toEqual(personal);
      }
      return decision;
    };
    return {
      then: (...expected) => {
        expect(events()).toEqual(expected);
        return { askedAgain: outcomeOf(fold(state, events()), decide) };
      },
      thenNothing: () => expect(events()).toEqual([]),
      thenRefused: (code) => expect(isRefusal(decision) ? decision.code : decision).toBe(code),
      thenEvents: events,
    };
  };

  return {
    given: (...past: readonly Event[]) => ({
      when: (decide: (state: State) => Decision<Event>) => outcomeOf(fold(definition.initial, past), decide),
    }),
  };
}

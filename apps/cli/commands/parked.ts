import { CommandFailed, type Command } from '../command.js';
import { STORE_SETTINGS, table, withView } from './with-view.js';

const WHAT = `An event that a read model cannot fold parks its stream there: the row stays as it was, and what follows waits. A to-do that failed
twelve times is parked as well.`;

/** Lists what waits for an operator. */
export const parkedList: Command = {
  name: 'parked list',
  summary: 'lists streams and to-dos that wait for their next try or for you',
  usage: `Usage: npm run cli -- parked list [--json]

${WHAT}

${STORE_SETTINGS}

Example:
  npm run cli -- parked list
`,
  options: { json: { type: 'boolean' } },
  async run({ options }, surroundings) {
    const found = await withView(surroundings, ({ projections }) => projections.parked());
    if (options['json'] === true) {
      surroundings.output.write(`${JSON.stringify(found, null, 2)}\n`);
      return;
    }
    if (found.length === 0) surroundings.output.write('Nothing is parked.\n');
    for (const { id, kind, projection, stream, eventType, tries, nextTryAt, reason } of found) {
      const what = kind === 'stream' ? `stream ${stream}, at ${String(eventType)}` : `to-do ${stream}`;
      const next = nextTryAt === null ? 'waits for you' : `next try ${nextTryAt}`;
      surroundings.output.write(
        table(
          ['', ''],
          [
            ['in', projection],
            ['what', what],
            ['why', `${reason}, ${tries} tries, ${next}`],
            ['id', id],
          ],
        ).trimStart(),
      );
    }
  },
};

/** Tries again at once. */
export const parkedRetry: Command = {
  name: 'parked retry',
  summary: 'lets something that is parked be tried again at once',
  usage: `Usage: npm run cli -- parked retry <id>

Mend what was in the way first: deploy a version that can fold the event, or set up what the to-do needs.

${STORE_SETTINGS}

Example:
  npm run cli -- parked retry WyJzdHJlYW0iLCJhY2NvdW50cyIsMSwwLCJz…
`,
  parameters: ['id'],
  async run({ parameters: [id = ''] }, surroundings) {
    const isDone = await withView(surroundings, ({ projections }) => projections.retry(id));
    if (!isDone) throw new CommandFailed('Nothing with this id is parked. `parked list` shows what is.');
    surroundings.output.write('It is tried again within a second.\n');
  },
};

/** Passes over an event. */
export const parkedSkip: Command = {
  name: 'parked skip',
  summary: 'passes over the event that parks a stream, for good, and goes on behind it',
  usage: `Usage: npm run cli -- parked skip <id>

The event stays in the log, but this read model leaves it out from now on, also when it is rebuilt. A to-do cannot be skipped.

${STORE_SETTINGS}

Example:
  npm run cli -- parked skip WyJzdHJlYW0iLCJhY2NvdW50cyIsMSwwLCJz…
`,
  parameters: ['id'],
  async run({ parameters: [id = ''] }, surroundings) {
    const outcome = await withView(surroundings, ({ projections }) => projections.skip(id));
    if (outcome === 'not-parked')
      throw new CommandFailed('Nothing with this id is parked. `parked list` shows what is.');
    if (outcome === 'not-skippable')
      throw new CommandFailed(
        'A to-do cannot be skipped: what it stands for has to be done. Mend the cause and retry it.',
      );
    surroundings.output.write('The event is passed over, and its stream goes on within a second.\n');
  },
};

import { setTimeout as sleep } from 'node:timers/promises';
import type { OperatorView } from '#runtime';
import { CommandFailed, type Command, type Output } from '../command.js';
import { STORE_SETTINGS, withView } from './with-view.js';

const LOOK_EVERY_MS = 1_000;
/** So long without any progress, and nobody seems to be there who would fill it. */
const IDLE_LIMIT_MS = 60_000;

/** Makes a read model anew while the service runs. */
export const rebuild: Command = {
  name: 'rebuild',
  summary: 'makes a read model or automation anew from the log, beside the one that is there',
  usage: `Usage: npm run cli -- rebuild <name> [--no-wait]

Another generation fills beside the one that serves, and takes over once it has caught up: no request fails meanwhile, and no
to-do is carried out again. The workers do it; this waits and shows how far they are. Interrupting it changes nothing.

${STORE_SETTINGS}

Example:
  npm run cli -- rebuild accounts
`,
  options: { 'no-wait': { type: 'boolean' } },
  parameters: ['name'],
  async run({ options, parameters: [name = ''] }, surroundings) {
    await withView(surroundings, async (view) => {
      const begun = await view.projections.rebuild(name);
      if (begun === null) {
        const names = (await view.projections.list()).map((one) => one.name);
        throw new CommandFailed(`There is no read model or automation ${name}; there are ${names.join(', ')}.`);
      }
      const { generation } = begun;
      surroundings.output.write(`Generation ${generation} of ${name} fills beside the one that serves.\n`);
      if (options['no-wait'] !== true) await follow(view, name, surroundings.errors);
      if (options['no-wait'] !== true) surroundings.output.write(`Done. Generation ${generation} of ${name} serves.\n`);
    });
  },
};

/** Shows how far it is until it has taken over. */
async function follow({ projections, events }: OperatorView, name: string, errors: Output): Promise<void> {
  let before = '';
  let movedAt = performance.now();
  for (;;) {
    const filling = await projections.filling(name);
    if (filling === null) return;
    const line = `${name}: ${shareOf(filling.position, await events.head())} of the log\n`;
    if (line !== before) {
      errors.write(line);
      before = line;
      movedAt = performance.now();
    } else if (performance.now() - movedAt > IDLE_LIMIT_MS) {
      errors.write(`${name}: nobody fills it at the moment. It goes on as soon as a worker runs.\n`);
      movedAt = performance.now();
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** Roughly how far a position is. Positions are opaque, but in every store they begin with a number that grows with the log. */
function shareOf(position: string | null, head: string | null): string {
  const [at, end] = [Number.parseInt(position ?? '0', 10), Number.parseInt(head ?? '0', 10)];
  return end > 0 ? `${Math.min(100, Math.floor((at / end) * 100))} %` : '100 %';
}

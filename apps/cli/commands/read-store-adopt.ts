import type { OperatorView } from '#runtime';
import { type Command, WrongUsage } from '../command.js';
import { STORE_SETTINGS, withView } from './with-view.js';

const ANSWERS = 'idempotency';
const AT_ONCE = 500;

/** Takes the log for the right one. */
export const readStoreAdopt: Command = {
  name: 'read-store adopt',
  summary: 'takes the event store as it is for the right one, after it was restored or exchanged',
  usage: `Usage: npm run cli -- read-store adopt --yes

When the event store does not hold what was read from it before, the service projects nothing and takes no command: it was restored
from an older backup, or another one stands in its place. If that is not meant, put the right one back instead.

With --yes every read model and automation begins anew from the first event of the log that is there now. Answers that were kept
for Idempotency-Keys are forgotten, since what they tell of may be missing; keys, secrets and claims stay, and what was erased stays
erased. Commands that were acknowledged after the backup are lost.

${STORE_SETTINGS}

Example:
  npm run cli -- read-store adopt --yes
`,
  options: { yes: { type: 'boolean' } },
  async run({ options }, surroundings) {
    if (options['yes'] !== true)
      throw new WrongUsage('--yes must say that this log is the right one: what it lacks is lost for good.');
    await withView(surroundings, async (view) => {
      const copies = await view.projections.startAnew();
      const answers = await forgetAnswers(view);
      surroundings.output.write(
        `Done. ${copies} read models and automations begin anew, and ${answers} kept answers are forgotten. A running service notices within seconds.\n`,
      );
    });
  },
};

async function forgetAnswers({ vault: { store } }: OperatorView): Promise<number> {
  for (let forgotten = 0; ;) {
    const found = await store.list(ANSWERS, '', AT_ONCE);
    for (const { kind, id } of found) if (await store.remove(kind, id)) forgotten += 1;
    if (found.length < AT_ONCE) return forgotten;
  }
}

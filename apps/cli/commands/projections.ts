import type { Command } from '../command.js';
import { STORE_SETTINGS, table, withView } from './with-view.js';

/** Shows how far read models and automations are. */
export const projections: Command = {
  name: 'projections',
  summary: 'shows how far each read model and automation is behind the log, and what is parked',
  usage: `Usage: npm run cli -- projections [--json]

Lists read models and automations with their version, state, and lag behind the newest event.

${STORE_SETTINGS}

Example:
  npm run cli -- projections
`,
  options: { json: { type: 'boolean' } },
  async run({ options }, surroundings) {
    await withView(surroundings, async (view) => {
      const found = await view.projections.list();
      const parked = await view.projections.parked();
      if (options['json'] === true) {
        surroundings.output.write(`${JSON.stringify(found, null, 2)}\n`);
        return;
      }
      const rows = found.map(({ name, version, state, lag, lagSeconds }) => {
        const waiting = parked.filter(({ projection }) => projection === name).length;
        return [name, String(version), state, String(lag), `${Math.round(lagSeconds)} s`, String(waiting)];
      });
      surroundings.output.write(table(['name', 'version', 'state', 'lag', 'lag in time', 'parked'], rows));
      surroundings.output.write(`The newest event stands at ${found[0]?.head ?? 'no position: the log is empty'}.\n`);
    });
  },
};

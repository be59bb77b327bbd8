import type { OperatorView } from '#runtime';
import type { Surroundings } from '../command.js';
import { readSettings } from '../settings.js';

/** The settings that every command needs which looks into the stores. */
export const STORE_SETTINGS = `Settings: EVENT_STORE_URL, READ_STORE_URL and VAULT_MASTER_KEY as the service has them, or DATA_DIR for the embedded stores.
It works beside the service.`;

/** Does something with the stores as an operator sees them, and lets go of them. */
export async function withView<Result>(
  surroundings: Surroundings,
  work: (view: OperatorView) => Promise<Result>,
): Promise<Result> {
  const settings = await readSettings(surroundings);
  const { createLogger, openOperatorView } = await import('#runtime');
  const view = await openOperatorView(settings, createLogger({ LOG_LEVEL: 'error' }));
  try {
    return await work(view);
  } finally {
    await view.close();
  }
}

/** Lines of columns, each as wide as its widest word. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((word, column) => word.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

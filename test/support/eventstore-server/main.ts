import { parseArgs } from 'node:util';
import { startControl } from './control.js';
import { startEventStoreServer } from './start-server.js';

const USAGE = 'usage: eventstore-stand-in --port N --dir D [--control-port C] [--not-ready-ms N]';

/** Runs the stand-in as a program: one line when it is ready, a clean end on SIGTERM and SIGINT. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      dir: { type: 'string' },
      'control-port': { type: 'string' },
      'not-ready-ms': { type: 'string', default: '0' },
    },
  });
  const port = Number(values.port);
  const controlPort = values['control-port'] === undefined ? undefined : Number(values['control-port']);
  const notReadyMs = Number(values['not-ready-ms']);
  if (values.dir === undefined || ![port, controlPort ?? 0, notReadyMs].every(Number.isInteger)) {
    throw new Error(USAGE);
  }
  const server = await startEventStoreServer({ port, dir: values.dir, notReadyMs });
  const control = controlPort === undefined ? undefined : await startControl(server, controlPort);
  const stop = (): void => {
    control?.close();
    control?.closeAllConnections();
    void server.close();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const controlled = controlPort === undefined ? '' : ` (control: http://127.0.0.1:${controlPort})`;
  process.stdout.write(`event store stand-in ready: ${server.url}${controlled}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

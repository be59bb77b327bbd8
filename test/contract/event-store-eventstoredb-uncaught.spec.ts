import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EventStoreServer, startEventStoreServer } from '../support/eventstore-server/start-server.js';

const ROOT = join(import.meta.dirname, '..', '..');
const RUN_TYPESCRIPT = join(ROOT, 'libs', 'event-store-sqlite', 'run-typescript.mjs');
const CHILD = join(import.meta.dirname, 'event-store-eventstoredb-child.ts');

let dir = '';
let server: EventStoreServer;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'event-store-'));
  server = await startEventStoreServer({ port: 0, dir });
});

afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true });
});

/** Runs the child program to its end; `whenOpen` is called when its store works. */
async function run(task: string, whenOpen: () => void): Promise<{ code: number; lines: string[]; errors: string }> {
  const node = ['--no-warnings', '--conditions=source', '--import', RUN_TYPESCRIPT, CHILD, server.url, task];
  const child = spawn(process.execPath, node, { cwd: ROOT });
  let [output, errors] = ['', ''];
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  child.stdout.on('data', (text: Buffer) => {
    const wasOpen = output.includes('open');
    output += text.toString();
    if (wasOpen || !output.includes('open')) return;
    whenOpen();
    child.stdin.end('go on\n');
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, lines: output.trim().split('\n'), errors };
}

describe('an exception that nobody catches', () => {
  it('from the client is a reason to replace the client, not to end the process', async () => {
    const { code, lines, errors } = await run('client-fails', () => server.faults.answerTwice(1));
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(lines).toContain("the event store's client is replaced");
    expect(lines.filter((line) => line === 'appended')).toHaveLength(20);
    expect(lines.at(-1)).toBe('closed');
  });

  it('does not come of a client that could not be replaced, which is tried again', async () => {
    const { code, lines, errors } = await run('certificate-gone', () => undefined);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(lines).toEqual(['open', 'unavailable while there is no certificate', 'replaced']);
  });

  it('from the program itself ends the process as it would without a store', async () => {
    const { code, errors } = await run('program-fails', () => undefined);
    expect(code).not.toBe(0);
    expect(errors).toContain('a mistake of this program');
  });
});

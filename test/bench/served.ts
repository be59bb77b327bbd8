import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('./server.js', import.meta.url));

export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** The service in a child process on a data directory; a fresh one that goes away at the end unless one is given. */
export async function serve(dataDir?: string, more: Readonly<Record<string, string>> = {}): Promise<Served> {
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), 'social-accounts-bench-'));
  const port = await freePort();
  const environment = {
    ...process.env,
    PORT: String(port),
    SANDBOX_PORT: String(await freePort()),
    DATA_DIR: folder,
    LOG_LEVEL: 'error',
    ...more,
  };
  const child = fork(SERVER, { env: environment, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [message] = (await once(child, 'message')) as [{ readonly url: string }];
  return {
    url: message.url,
    close: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
      if (dataDir === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}

/** A session of the sandbox. */
export async function session(url: string, userId: string): Promise<Readonly<Record<string, string>>> {
  const answer = await post(url, '/v1/sandbox/session', { userId }, {});
  return { authorization: `Bearer ${String(answer['token'])}`, 'content-type': 'application/json' };
}

export async function post(
  url: string,
  path: string,
  body: object,
  headers: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, unknown>>> {
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
  const answer = await fetch(`${url}${path}`, request);
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}.`);
  return (await answer.json()) as Readonly<Record<string, unknown>>;
}

import fastify, { type FastifyInstance } from 'fastify';
import { isLoopbackHost } from './authorization.js';
import { CallLog } from './call-log.js';
import { SandboxClock } from './clock.js';
import { ClockLink } from './clock-link.js';
import { serveControl } from './control.js';
import { Controls } from './controls.js';
import { openSandboxDatabase } from './database.js';
import { Faults } from './faults.js';
import { Grants } from './grants.js';
import { SandboxIssuer } from './issuer.js';
import { servePictures } from './pictures.js';
import { hostPlatform } from './platform-host.js';
import { allPlatforms } from './platforms/all.js';
import { serveService } from './service-routes.js';
import { World } from './world.js';

const BODY_LIMIT_BYTES = 1024 * 1024;
/** Tokens may stand in a path or a state; beyond this no URL is meant seriously. */
const URL_PARAMETER_LIMIT_CHARACTERS = 2_000;

export interface SandboxOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** A loopback address (the default is 127.0.0.1), unless SANDBOX_ANY_ADDRESS is 1. */
  readonly host?: string;
  /** Where `sandbox.sqlite` and `sandbox-issuer.json` are kept. */
  readonly dataDir: string;
  /** Where browsers reach it, when that is another address than the service's; without a slash at the end. */
  readonly publicUrl?: string;
  /** Whether other processes take sessions and time from here. One that carries the sandbox itself asks it directly. */
  readonly servesProcesses?: boolean;
}

export interface Sandbox {
  /** Without a slash at the end. */
  readonly url: string;
  readonly clock: SandboxClock;
  readonly issuer: SandboxIssuer;
  /** Ends every connection, hanging ones included, and closes the file. */
  close(): Promise<void>;
}

/** Starts the platforms' stand-in. Throws in production, when the address is not loopback, and when the port is taken. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { port, host = '127.0.0.1', dataDir, servesProcesses = false, publicUrl = null } = options;
  if (process.env['NODE_ENV'] === 'production') throw new Error('The sandbox does not start in production.');
  if (!isLoopbackHost(host) && process.env['SANDBOX_ANY_ADDRESS'] !== '1') {
    throw new Error(`The sandbox lets anybody be anybody, so it listens on loopback addresses only, not on ${host}.`);
  }
  const issuer = await SandboxIssuer.open(dataDir);
  const database = openSandboxDatabase(dataDir);
  const controls = new Controls(database);
  const clock = new SandboxClock(controls);
  const grants = new Grants(database, clock);
  const world = new World(controls, allPlatforms);
  const faults = new Faults();
  const log = new CallLog();
  const server = buildServer();
  for (const platform of allPlatforms) {
    hostPlatform(platform, { server, clock, controls, grants, world, faults, log, publicUrl });
  }
  serveControl(server, { platforms: allPlatforms.map(({ id }) => id), controls, grants, world, faults, log });
  servePictures(server, world);
  const link = servesProcesses ? new ClockLink(clock) : null;
  if (link) serveService(server, { clock, link, issuer });
  try {
    await server.listen({ port, host });
  } catch (error) {
    link?.close();
    database.close();
    throw error;
  }
  return {
    url: urlOf(server, host),
    clock,
    issuer,
    close: async () => {
      link?.close();
      await server.close();
      database.close();
    },
  };
}

function buildServer(): FastifyInstance {
  const server = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: { maxParamLength: URL_PARAMETER_LIMIT_CHARACTERS },
    forceCloseConnections: true,
    rewriteUrl: ({ url = '/' }) => withoutVersion(url),
  });
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, new URLSearchParams(String(body)));
  });
  const parseJson = server.getDefaultJsonParser('error', 'error');
  // Many clients name a content type where they send nothing, as in DELETE.
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parseJson(request, String(body), done);
  });
  // Behind a proxy anybody's request would seem to come from this machine, so for a forwarded one nothing is here.
  server.addHook('onRequest', async (request, reply) => {
    const forwarded = Object.keys(request.headers).some(
      (name) => name === 'forwarded' || name.startsWith('x-forwarded-'),
    );
    if (forwarded) await reply.code(404).send({ message: 'Not found.' });
  });
  server.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ message: 'The sandbox has no such endpoint.' }),
  );
  server.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    // The message of an error may quote the request, and with it a secret.
    return reply
      .code(status)
      .send({ message: status < 500 ? 'The request cannot be read.' : 'The sandbox has a fault.' });
  });
  return server;
}

/** Graph hosts take a version before every path; which one makes no difference here. */
function withoutVersion(url: string): string {
  const base = allPlatforms
    .flatMap(({ versionedBases = [] }) => versionedBases)
    .find((one) => url.startsWith(`${one}/`));
  return base === undefined ? url : `${base}${url.slice(base.length).replace(/^\/v\d+\.\d+(?=\/)/, '')}`;
}

function urlOf(server: FastifyInstance, host: string): string {
  const address = server.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${String(port)}`;
}

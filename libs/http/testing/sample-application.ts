import { Global, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { pino } from 'pino';
import { Clock, newId, StoreUnavailable, SubjectErased, type VaultStore as VaultStoreType, VaultStore } from '#kernel';
import {
  AccessControl,
  AnswerSealer,
  applyHttp,
  createHttpAdapter,
  HttpModule,
  type HttpOptions,
  JwksTokenVerifier,
  type Membership,
  type Permission,
  type Principal,
  TokenVerifier,
} from '../index.js';
import { NotesController, OtherController, Sample } from './sample-controllers.js';

export const ISSUER = 'https://issuer.test';
export const AUDIENCE = 'social-accounts';
export const WORKSPACE = newId('ws');

/** A clock that stands still until it is moved. */
export class HandClock extends Clock {
  private instant = new Date('2026-01-01T00:00:00Z').getTime();

  override now(): Date {
    return new Date(this.instant);
  }

  override onMoved(): () => void {
    return () => undefined;
  }

  advance(milliseconds: number): void {
    this.instant += milliseconds;
  }
}

/** `maria` may do everything in the one workspace, `victor` may read. */
class SampleAccess extends AccessControl {
  override membership(workspaceId: string, principal: Principal): Promise<Membership | null> {
    if (workspaceId !== WORKSPACE) return Promise.resolve(null);
    if (principal.kind === 'service') return Promise.resolve(member('service', []));
    if (principal.id === 'store-away') return Promise.reject(new StoreUnavailable('away'));
    if (principal.id === 'erased') return Promise.reject(new SubjectErased());
    if (principal.id === 'maria') {
      return Promise.resolve(
        member('owner', ['accounts:read', 'accounts:update', 'accounts:remove', 'posts:draft', 'posts:publish']),
      );
    }
    return Promise.resolve(principal.id === 'victor' ? member('viewer', ['accounts:read']) : null);
  }
}

const member = (role: string, permissions: readonly Permission[]): Membership => ({
  role,
  permissions: new Set(permissions),
  accountAccess: 'all',
});

/** Turns texts into something else that can be turned back, unless told to have lost its key. */
export class SampleSealer extends AnswerSealer {
  isKeyLost = false;

  override seal(id: string, text: string): Promise<string> {
    return Promise.resolve(Buffer.from(`${id}|${text}`).toString('base64'));
  }

  override open(id: string, sealed: string): Promise<string | null> {
    const text = Buffer.from(sealed, 'base64').toString();
    return Promise.resolve(this.isKeyLost || !text.startsWith(`${id}|`) ? null : text.slice(id.length + 1));
  }
}

export interface SampleApplication {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly sample: Sample;
  readonly clock: HandClock;
  readonly sealer: SampleSealer;
  readonly logLines: Record<string, unknown>[];
  /** A token for a person, or with a scope for a service. */
  token(subject: string, claims?: JWTPayload): Promise<string>;
  /** Calls as somebody, or as nobody. Bodies that are no text are sent as JSON. */
  call(method: string, path: string, options?: CallOptions): Promise<Called>;
  close(): Promise<void>;
}

export interface CallOptions {
  /** Null calls without a token; `maria` calls unless given. */
  readonly as?: string | null;
  readonly claims?: JWTPayload;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Called {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed, where it is JSON. */
  readonly body: Record<string, unknown>;
}

export interface SampleOptions extends Partial<HttpOptions> {
  readonly vaultStore: VaultStoreType;
  readonly controllers?: readonly Type[];
  readonly port?: number;
}

/** Starts the sample on a real socket. */
export async function startSample({
  vaultStore,
  controllers,
  port,
  ...given
}: SampleOptions): Promise<SampleApplication> {
  const keys = await generateKeyPair('ES256', { extractable: true });
  const keySet = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'sample', alg: 'ES256' }] };
  const [clock, sealer, sample] = [new HandClock(), new SampleSealer(), new Sample()];
  const logLines: Record<string, unknown>[] = [];
  const logger = pino(
    { level: 'info' },
    { write: (line) => void logLines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const options = { publicUrl: 'http://127.0.0.1', rateLimitPerMinute: 0, sandbox: true, logger, ...given };
  const provided = [
    { provide: Clock, useValue: clock },
    { provide: VaultStore, useValue: vaultStore },
    { provide: AnswerSealer, useValue: sealer },
    { provide: AccessControl, useValue: new SampleAccess() },
    { provide: TokenVerifier, useValue: new JwksTokenVerifier({ keySet, issuer: ISSUER, audience: AUDIENCE }) },
    { provide: Sample, useValue: sample },
  ];
  @Global()
  @Module({ providers: provided, exports: provided.map(({ provide }) => provide) })
  class Ports {}
  @Module({
    imports: [Ports, HttpModule.forRoot(options)],
    controllers: [...(controllers ?? [NotesController, OtherController])],
  })
  class SampleModule {}
  const app = await NestFactory.create<NestFastifyApplication>(SampleModule, createHttpAdapter(), {
    bodyParser: false,
    logger: false,
    abortOnError: false,
  });
  await applyHttp(app);
  await app.listen(port ?? 0, '127.0.0.1');
  const url = await app.getUrl();

  const token = (subject: string, claims: JWTPayload = {}): Promise<string> =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: 'sample' })
      .setSubject(subject)
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setExpirationTime('5m')
      .sign(keys.privateKey);

  const call = async (
    method: string,
    path: string,
    { as, claims, body, headers }: CallOptions = {},
  ): Promise<Called> => {
    const bearer = as === null ? {} : { Authorization: `Bearer ${await token(as ?? 'maria', claims)}` };
    const response = await fetch(url + path, {
      method,
      redirect: 'manual',
      headers: { ...bearer, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /json(;|$)/.test(response.headers.get('content-type') ?? '') && text !== '';
    const parsed = isJson && !text.includes('\n') ? (JSON.parse(text) as Record<string, unknown>) : {};
    return { status: response.status, headers: response.headers, text, body: parsed };
  };
  return { app, url, sample, clock, sealer, logLines, token, call, close: () => app.close() };
}

import 'reflect-metadata';
import { Global, Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import {
  AnswerSealer,
  applyHttp,
  createHttpAdapter,
  HttpModule,
  JwksTokenVerifier,
  Metrics,
  TokenVerifier,
} from '#http';
import { Clock, EventStore, ReadModels, ReadStore, Streams, SystemClock, Vault, VaultStore } from '#kernel';
import {
  OAuthFlows,
  PlatformLogins,
  SocialAccountsAutomations,
  SocialAccountsModule,
  SocialAccountsSettings,
} from '#social-accounts';
import { WorkspacesModule } from '#workspaces';
import { VaultAnswerSealer } from './answer-sealer.js';
import { ConfigurationRefused, type Configuration } from './configuration.js';
import { HealthRoutes } from './health-routes.js';
import { Housekeeping } from './housekeeping.js';
import { modelsWith, STREAMS } from './models.js';
import { countAppended, measureReadModels } from './observability.js';
import { servePage } from './page.js';
import { createLogins } from './platforms.js';
import { Readiness } from './readiness.js';
import { Runners } from './runners.js';
import { SandboxControls, SandboxRoutes } from './sandbox-routes.js';
import type { Stores } from './stores.js';

/** How long what is under way may take when the process is told to end. */
const DRAIN_LIMIT_MS = 10_000;

/** The sandbox as the service uses it. */
export interface SandboxPart {
  readonly url: string;
  readonly clock: Clock;
  readonly controls: SandboxControls;
  readonly issuer: { readonly keySet: object; readonly issuer: string; readonly audience: string };
}

export interface ServiceOptions {
  readonly configuration: Configuration;
  readonly stores: Stores;
  readonly logger: Logger;
  readonly sandbox: SandboxPart | null;
  readonly servesPage: boolean;
  /** Further modules with routes of their own, under the same rules. */
  readonly modules?: readonly Type[];
}

export interface Service {
  /** The origin that it listens on. */
  readonly url: string;
  /** Whether the web page is built and served. */
  readonly hasPage: boolean;
  readonly runners: Runners;
  /** Takes no more requests, lets those under way end, and stops the runners. The stores stay open. */
  close(): Promise<void>;
}

/** The service with all its roles in one process: routes, read models and automations. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { configuration, logger, sandbox } = options;
  const app = await NestFactory.create<NestFastifyApplication>(compose(options), createHttpAdapter(), {
    bodyParser: false,
    logger: false,
    abortOnError: false,
  });
  await applyHttp(app);
  const fastify = app.getHttpAdapter().getInstance();
  const hasPage = options.servesPage && (await servePage(fastify, sandbox ? [sandbox.url] : []));
  await app.init();
  const runners = app.get(Runners);
  const housekeeping = new Housekeeping(app.get(Vault), app.get(OAuthFlows), app.get(Clock), logger.warn.bind(logger));
  runners.start();
  housekeeping.start();
  await app.listen(configuration.PORT, configuration.HOST);
  const address = fastify.server.address();
  const port = typeof address === 'object' && address ? address.port : configuration.PORT;
  return {
    url: `http://${configuration.HOST}:${port}`,
    hasPage,
    runners,
    close: async () => {
      app.get(Readiness).drain();
      const idle = setTimeout(() => fastify.server.closeAllConnections(), DRAIN_LIMIT_MS).unref();
      await app.close();
      clearTimeout(idle);
      await housekeeping.stop();
      await runners.stop();
    },
  };
}

/** What every module may ask for. */
@Global()
@Module({})
class PortsModule {}

@Module({})
class ServiceModule {}

function compose(options: ServiceOptions): DynamicModule {
  const { configuration, logger, sandbox } = options;
  const { publicUrl, rateLimitPerMinute } = configuration;
  const http = { publicUrl, rateLimitPerMinute, sandbox: sandbox !== null, logger };
  return {
    module: ServiceModule,
    imports: [
      CqrsModule.forRoot(),
      ports(options),
      HttpModule.forRoot(http, [WorkspacesModule]),
      SocialAccountsModule,
      ...(options.modules ?? []),
    ],
    controllers: [HealthRoutes, ...(sandbox ? [SandboxRoutes] : [])],
    providers: [
      ...(sandbox ? [{ provide: SandboxControls, useValue: sandbox.controls }] : []),
      {
        provide: Runners,
        inject: [SocialAccountsAutomations, ReadModels, Vault, Clock, Metrics],
        useFactory: (
          automations: SocialAccountsAutomations,
          readModels: ReadModels,
          vault: Vault,
          clock: Clock,
          metrics: Metrics,
        ) => {
          const { events, rows } = options.stores;
          const stores = { events, rows, vault, clock, log: logger };
          const runners = new Runners(stores, STREAMS, modelsWith(automations), readModels);
          measureReadModels(metrics, runners, { events, rows });
          return runners;
        },
      },
      {
        provide: Readiness,
        inject: [Runners],
        useFactory: (runners: Runners) => new Readiness(options.stores, runners),
      },
    ],
  };
}

function ports({ configuration, stores, sandbox }: ServiceOptions): DynamicModule {
  const { events, rows, masterKeys } = stores;
  const clock = sandbox?.clock ?? new SystemClock();
  const vault = new Vault(stores.vault, masterKeys);
  const provided = [
    { provide: EventStore, useValue: events },
    { provide: ReadStore, useValue: rows },
    { provide: VaultStore, useValue: stores.vault },
    { provide: Vault, useValue: vault },
    { provide: Clock, useValue: clock },
    { provide: ReadModels, useValue: new ReadModels(rows, events) },
    {
      provide: Streams,
      inject: [Metrics],
      useFactory: (metrics: Metrics) => new Streams(events, vault, countAppended(metrics)),
    },
    { provide: AnswerSealer, useValue: new VaultAnswerSealer(vault) },
    { provide: TokenVerifier, useValue: createVerifier(configuration, sandbox) },
    { provide: PlatformLogins, useValue: createLogins(configuration, clock, sandbox?.url ?? null) },
    {
      provide: SocialAccountsSettings,
      useValue: new SocialAccountsSettings(configuration.publicUrl, configuration.returnOrigins),
    },
  ];
  return { module: PortsModule, global: true, providers: provided, exports: provided.map(({ provide }) => provide) };
}

function createVerifier(configuration: Configuration, sandbox: SandboxPart | null): TokenVerifier {
  const { AUTH_JWKS_URL, AUTH_ISSUER, AUTH_AUDIENCE } = configuration;
  if (AUTH_JWKS_URL && AUTH_ISSUER && AUTH_AUDIENCE) {
    return new JwksTokenVerifier({ jwksUrl: AUTH_JWKS_URL, issuer: AUTH_ISSUER, audience: AUTH_AUDIENCE });
  }
  if (!sandbox) throw new ConfigurationRefused(['AUTH_JWKS_URL must be set where the sandbox is off.']);
  const { keySet, issuer, audience } = sandbox.issuer;
  return new JwksTokenVerifier({ keySet: keySet as never, issuer, audience });
}

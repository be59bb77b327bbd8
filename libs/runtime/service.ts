import 'reflect-metadata';
import type { Server } from 'node:http';
import { Global, Module, type DynamicModule, type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import {
  AnswerSealer,
  applyHttp,
  createHttpAdapter,
  HttpModule,
  type JwksOptions,
  JwksTokenVerifier,
  Metrics,
  TokenVerifier,
} from '#http';
import {
  Clock,
  CommandGate,
  EventStore,
  isAutomation,
  type ReadModel,
  ReadModels,
  ReadStore,
  Streams,
  SystemClock,
  Vault,
  VaultStore,
} from '#kernel';
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
import { LogWatch } from './log-watch.js';
import { modelsWith, STREAMS } from './models.js';
import { countAppended, measureProjections } from './observability.js';
import { OpsRoutes } from './ops-routes.js';
import { servePage } from './page.js';
import { createLogins } from './platforms.js';
import { Projections } from './projections.js';
import { Readiness } from './readiness.js';
import { createProbeServer } from './probe-server.js';
import { Rest } from './rest.js';
import type { Role } from './roles.js';
import { Runners } from './runners.js';
import { SandboxControls } from './sandbox-controls.js';
import { SandboxRoutes } from './sandbox-routes.js';
import type { Stores } from './stores.js';
import { waitFor } from './wait-for.js';

/** How long what is under way may take when the process is told to end. */
const DRAIN_LIMIT_MS = 10_000;

/** The sandbox as the service uses it. */
export interface SandboxPart {
  readonly url: string;
  /** As browsers reach it. */
  readonly publicUrl: string;
  readonly clock: Clock;
  readonly controls: SandboxControls;
  readonly issuer: { readonly issuer: string; readonly audience: string } & (
    { readonly keySet: object } | { readonly jwksUrl: string }
  );
  /** Whether this process goes by the sandbox's time for certain; without it, always. */
  readonly isConnected?: () => boolean;
}

export interface ServiceOptions {
  readonly configuration: Configuration;
  /** What this process does; other processes may do the same and the rest. */
  readonly roles: readonly Role[];
  readonly stores: Stores;
  readonly logger: Logger;
  readonly sandbox: SandboxPart | null;
  /** Further modules with routes of their own, under the same rules. */
  readonly modules?: readonly Type[];
  /** Lets go of the port, where something answers on it while the service starts. */
  readonly beforeListening?: () => Promise<void>;
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

/** The side of a process that others ask. */
interface Front {
  readonly app: INestApplicationContext;
  readonly server: Server;
  readonly hasPage: boolean;
  listen(): Promise<void>;
  close(): Promise<void>;
}

/** The service as far as its roles go. One process with all of them runs the same loops as several that share them. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { configuration, logger, roles } = options;
  const front = roles.includes('api') ? await openApi(options) : await openProbes(options);
  const { app, server, hasPage } = front;
  const [runners, rest] = [app.get(Runners), app.get(Rest)];
  await waitFor('the read store', logger, () => rest.prepare());
  const housekeeping = new Housekeeping(app.get(Vault), app.get(OAuthFlows), app.get(Clock), logger.warn.bind(logger));
  const logWatch = app.get(LogWatch);
  await logWatch.look();
  logWatch.start();
  runners.start();
  if (roles.includes('automation')) housekeeping.start();
  await options.beforeListening?.();
  await front.listen();
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : configuration.PORT;
  return {
    url: `http://${configuration.HOST}:${port}`,
    hasPage,
    runners,
    close: async () => {
      app.get(Readiness).drain();
      const idle = setTimeout(() => server.closeAllConnections(), DRAIN_LIMIT_MS).unref();
      await front.close();
      clearTimeout(idle);
      await housekeeping.stop();
      await runners.stop();
      await logWatch.stop();
    },
  };
}

/** The API with the page. */
async function openApi(options: ServiceOptions): Promise<Front> {
  const { configuration, sandbox } = options;
  const app = await NestFactory.create<NestFastifyApplication>(compose(options), createHttpAdapter(), {
    bodyParser: false,
    logger: false,
    abortOnError: false,
  });
  await applyHttp(app);
  const fastify = app.getHttpAdapter().getInstance();
  const hasPage = await servePage(fastify, sandbox ? [sandbox.publicUrl] : []);
  await app.init();
  const listen = (): Promise<void> => app.listen(configuration.PORT, configuration.HOST).then(() => undefined);
  return { app, server: fastify.server, hasPage, listen, close: () => app.close() };
}

/** Health and metrics alone: the application has no HTTP side, so none of its routes is served. */
async function openProbes(options: ServiceOptions): Promise<Front> {
  const { PORT: port, HOST: host } = options.configuration;
  const app = await NestFactory.createApplicationContext(compose(options), { logger: false, abortOnError: false });
  const probes = createProbeServer(app.get(Readiness), app.get(Metrics));
  const listen = (): Promise<void> => probes.listen({ port, host }).then(() => undefined);
  const close = async (): Promise<void> => {
    await probes.close();
    await app.close();
  };
  return { app, server: probes.server, hasPage: false, listen, close };
}

/** Every read model and automation of the service. */
const ALL_MODELS = Symbol('every read model');

const NO_CERTAIN_TIME = 'What time it is in the sandbox cannot be told at the moment. Try again.';

/** What every module may ask for. */
@Global()
@Module({})
class PortsModule {}

@Module({})
class ServiceModule {}

function compose(options: ServiceOptions): DynamicModule {
  const { configuration, logger, sandbox } = options;
  const { publicUrl, rateLimitPerMinute } = configuration;
  const { events, rows } = options.stores;
  const commandGate = new CommandGate();
  if (sandbox?.isConnected) commandGate.closeWhile(() => (sandbox.isConnected?.() ? null : NO_CERTAIN_TIME));
  const http = {
    publicUrl,
    rateLimitPerMinute,
    sandbox: sandbox !== null,
    sandboxAnyAddress: configuration.SANDBOX_ANY_ADDRESS === '1',
    commandGate,
    logger,
  };
  return {
    module: ServiceModule,
    imports: [
      CqrsModule.forRoot(),
      ports(options, commandGate),
      HttpModule.forRoot(http, [WorkspacesModule]),
      SocialAccountsModule,
      ...(options.modules ?? []),
    ],
    controllers: [HealthRoutes, OpsRoutes, ...(sandbox ? [SandboxRoutes] : [])],
    providers: [
      ...(sandbox ? [{ provide: SandboxControls, useValue: sandbox.controls }] : []),
      {
        provide: ALL_MODELS,
        inject: [SocialAccountsAutomations],
        useFactory: modelsWith,
      },
      {
        provide: Rest,
        inject: [ALL_MODELS, ReadModels, Clock],
        useFactory: (models: readonly ReadModel[], readModels: ReadModels, clock: Clock) =>
          new Rest({ events, rows, clock }, models, readModels),
      },
      {
        provide: Runners,
        inject: [ALL_MODELS, ReadModels, Vault, Clock],
        useFactory: (models: readonly ReadModel[], readModels: ReadModels, vault: Vault, clock: Clock) => {
          const ours = models.filter((model) => options.roles.includes(roleOf(model)));
          return new Runners({ events, rows, vault, clock, log: logger, gate: commandGate }, STREAMS, ours, readModels);
        },
      },
      {
        provide: Projections,
        inject: [ALL_MODELS, ReadModels, Clock, Metrics],
        useFactory: (models: readonly ReadModel[], readModels: ReadModels, clock: Clock, metrics: Metrics) => {
          const projections = new Projections({ events, rows, clock }, models, readModels);
          measureProjections(metrics, projections);
          return projections;
        },
      },
      {
        provide: LogWatch,
        inject: [ALL_MODELS],
        useFactory: (models: readonly ReadModel[]) => new LogWatch({ events, rows }, models, commandGate, logger),
      },
      {
        provide: Readiness,
        inject: [Rest, LogWatch],
        useFactory: (rest: Rest, logWatch: LogWatch) =>
          new Readiness(options.stores, rest, logWatch, sandbox?.isConnected),
      },
    ],
  };
}

/** Who keeps a model up to date. */
const roleOf = (model: ReadModel): Role => (isAutomation(model) ? 'automation' : 'projector');

function ports({ configuration, roles, stores, sandbox }: ServiceOptions, commandGate: CommandGate): DynamicModule {
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
      useFactory: (metrics: Metrics) => new Streams(events, vault, countAppended(metrics), commandGate),
    },
    { provide: AnswerSealer, useValue: new VaultAnswerSealer(vault) },
    ...(roles.includes('api') ? [{ provide: TokenVerifier, useValue: createVerifier(configuration, sandbox) }] : []),
    { provide: PlatformLogins, useValue: createLogins(configuration, clock, sandbox) },
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
  return new JwksTokenVerifier(sandbox.issuer as JwksOptions);
}

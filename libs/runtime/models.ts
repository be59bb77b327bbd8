import 'reflect-metadata';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { AnswerSealer, HttpModule } from '#http';
import {
  Clock,
  EventStore,
  ReadModels,
  ReadStore,
  Streams,
  SystemClock,
  Vault,
  VaultStore,
  type ReadModel,
} from '#kernel';
import {
  accountsReadModel,
  ConfiguredLogins,
  connection,
  connectionsReadModel,
  grant,
  PlatformLogins,
  socialAccount,
  SocialAccountsAutomations,
  SocialAccountsModule,
  SocialAccountsSettings,
} from '#social-accounts';
import { workspace, WorkspacesModule, workspacesReadModel } from '#workspaces';
import { VaultAnswerSealer } from './answer-sealer.js';
import { createLogger } from './observability.js';

/** Nobody is served there. */
const ORIGIN = 'http://127.0.0.1';

/** Every kind of stream in the log. */
export const STREAMS = [workspace, connection, grant, socialAccount] as const;

/** Every read model and automation. */
export const modelsWith = (automations: SocialAccountsAutomations): readonly ReadModel[] => [
  workspacesReadModel,
  connectionsReadModel,
  accountsReadModel,
  ...automations.all,
];

@Global()
@Module({})
class PortsModule {}

@Module({})
class ModelsModule {}

/**
 * The same for programs that serve nothing. The automations know no platform, so what they are asked to carry out they would do
 * as for platforms that nobody has set up: fold with them, and leave the rest to a service.
 */
export async function loadModels(stores: {
  readonly events: EventStore;
  readonly rows: ReadStore;
  readonly vault: Vault;
}): Promise<readonly ReadModel[]> {
  const { events, rows, vault } = stores;
  const provided = [
    { provide: EventStore, useValue: events },
    { provide: ReadStore, useValue: rows },
    { provide: VaultStore, useValue: vault.store },
    { provide: Vault, useValue: vault },
    { provide: AnswerSealer, useValue: new VaultAnswerSealer(vault) },
    { provide: Clock, useValue: new SystemClock() },
    { provide: ReadModels, useValue: new ReadModels(rows, events) },
    { provide: Streams, useValue: new Streams(events, vault) },
    { provide: PlatformLogins, useValue: new ConfiguredLogins([]) },
    { provide: SocialAccountsSettings, useValue: new SocialAccountsSettings(ORIGIN, []) },
  ];
  const ports: DynamicModule = {
    module: PortsModule,
    global: true,
    providers: provided,
    exports: provided.map(({ provide }) => provide),
  };
  const logger = createLogger({ LOG_LEVEL: 'silent' });
  const http = { publicUrl: ORIGIN, rateLimitPerMinute: 0, sandbox: false, logger };
  const imports = [CqrsModule.forRoot(), ports, HttpModule.forRoot(http, [WorkspacesModule]), SocialAccountsModule];
  const composed = { module: ModelsModule, imports };
  const context = await NestFactory.createApplicationContext(composed, { logger: false, abortOnError: false });
  return modelsWith(context.get(SocialAccountsAutomations));
}

import {
  CommandGate,
  decodeEvent,
  idFromCommand,
  isRefusal,
  newCommandId,
  parseStreamName,
  Secret,
  type Automation,
  type CommandContext,
  type Position,
  type RecordedEvent,
  type StreamDefinition,
} from '#kernel';
import { connection, grant, socialAccount } from '#social-accounts';
import { workspace } from '#workspaces';
import type { SpecStores } from '../../libs/kernel/spec-stores.js';
import { startConnection } from '../../libs/social-accounts/domain/connection.js';
import { removeAccount } from '../../libs/social-accounts/domain/social-account.js';
import { factsOf } from '../../libs/social-accounts/write/settle-authorization.js';
import { SelectCandidates } from '../../libs/social-accounts/write/select-candidates.js';
import { createWorkspace, setMember } from '../../libs/workspaces/domain/workspace.js';
import { authorizationOf, FakeLogin } from './fake-login.js';
import { ConfiguredLogins } from '#social-accounts';
import { Process, type CrashPoint } from './processes.js';

const MINUTE_MS = 60_000;
const ROUNDS = 20;
const DEFINITIONS: readonly StreamDefinition[] = [workspace, connection, grant, socialAccount].map(
  (definition) => definition as unknown as StreamDefinition,
);

/** A consent that waits to be selected from. */
export interface Consent {
  readonly connectionId: string;
  readonly person: string;
  readonly secret: string;
  readonly at: string;
  readonly candidateIds: ReadonlyMap<string, string>;
}

/** One workspace of a simulation: what people do in it, and what the automations are due to do about it. */
export class Stage {
  readonly login = new FakeLogin();
  readonly consents: Consent[] = [];
  readonly workspaceId: string;
  readonly commandId = newCommandId();
  now: Date;
  readonly #logins = new ConfiguredLogins([this.login]);
  /** To-dos that were settled without an event: their rows are gone. */
  readonly #settled = new Set<string>();

  readonly #log: RecordedEvent[] = [];
  #read: Position | null;
  #reading: Promise<void> = Promise.resolve();

  private constructor(
    readonly stores: SpecStores,
    start: Position | null,
  ) {
    this.#read = start;
    this.now = stores.clock.now();
    this.workspaceId = idFromCommand('ws', this.commandId);
  }

  /** A workspace with an owner, ann, and a publisher, bob, who sees only what he connects. */
  static async open(stores: SpecStores): Promise<Stage> {
    const stage = new Stage(stores, await stores.events.head());
    const { streams } = stage.process().parts;
    const id = stage.workspaceId;
    const at = stage.now;
    const facts = { name: 'Nordwind', nameDigest: 'digest', timezone: 'UTC', ownerId: 'ann', at };
    const of = (): CommandContext => stage.context('ann');
    const execution = { definition: workspace, id, workspaceId: id };
    await streams.execute({ ...execution, context: of(), decide: (state) => createWorkspace(state, facts) });
    const bob = { asker: { userId: 'ann' }, userId: 'bob', role: 'publisher', access: new Set<string>() } as const;
    const decide = (state: Parameters<typeof setMember>[0]) => setMember(state, { ...bob, mustExist: false, at });
    await streams.execute({ ...execution, context: of(), decide });
    return stage;
  }

  process(crash: CrashPoint | null = null, turn?: ConstructorParameters<typeof Process>[3]): Process {
    return new Process(this.stores, this.#logins, crash, turn);
  }

  /** A process in which no command is accepted at the moment. */
  closedProcess(): Process {
    const gate = new CommandGate();
    gate.closeWhile(() => 'Not now.');
    return new Process(this.stores, this.#logins, null, undefined, gate);
  }

  /** Somebody starts an attempt, and a person consents to pages at the platform. Each consent is newer than the last. */
  async consent(person: string, pages: readonly string[], by = 'ann'): Promise<Consent> {
    this.now = new Date(this.now.getTime() + MINUTE_MS);
    const { streams, settling } = this.process().parts;
    const { workspaceId } = this;
    const context = this.context(by);
    const connectionId = idFromCommand('con', context.commandId);
    const asked = {
      platform: 'facebook',
      method: 'direct',
      login: 'facebook',
      accountType: null,
      purpose: 'connect',
    } as const;
    const facts = { workspaceId, ...asked, reconnectAccountId: null, startedBy: context.actor, at: this.now };
    const execution = { definition: connection, id: connectionId, workspaceId, context };
    await streams.execute({ ...execution, decide: (state) => startConnection(state, facts) });
    const secret = `token of ${person} ${this.consents.length}`;
    const authorization = authorizationOf(person, pages, new Secret(secret), this.now);
    const lapsesAt = new Date(this.now.getTime() + 15 * MINUTE_MS).toISOString();
    const kept = await settling.keep(connectionId, authorization, this.now, lapsesAt);
    const started = await factsOf(streams, connectionId, workspaceId);
    if (!kept || isRefusal(started)) throw new Error('The attempt has not begun.');
    const settled = await settling.settle(connectionId, started.facts, kept, this.context(by));
    if (isRefusal(settled) || settled.state.status !== 'authorized') throw new Error('There is nothing to pick.');
    const candidateIds = new Map(kept.candidates.map(({ externalId, candidateId }) => [externalId, candidateId]));
    const consent = { connectionId, person, secret, at: kept.authorizedAt, candidateIds };
    this.consents.push(consent);
    return consent;
  }

  /** Whoever began the attempt picks pages. */
  async select({ parts }: Process, consent: Consent, pages: readonly string[], by = 'ann') {
    const ids = pages.flatMap((page) => consent.candidateIds.get(page) ?? []);
    return parts.selecting.execute(new SelectCandidates(this.context(by), this.workspaceId, consent.connectionId, ids));
  }

  async remove({ parts }: Process, accountId: string): Promise<void> {
    const context = this.context('ann');
    const execution = { definition: socialAccount, id: accountId, workspaceId: this.workspaceId, context };
    const decide = (state: Parameters<typeof removeAccount>[0]) =>
      removeAccount(state, { by: context.actor, at: this.now });
    await parts.streams.execute({ ...execution, decide });
  }

  /** Carries out what an automation has to do about a stream now, as its runner would. Answers whether there was something. */
  async deliver({ parts }: Process, name: string, streamId: string): Promise<boolean> {
    const automation = parts.automations.find((one) => one.name === name) as unknown as Automation | undefined;
    if (!automation) throw new Error(`There is no automation ${name}.`);
    const [row, key] = await this.#rowOf(automation, streamId);
    const todo = `${name} ${key}`;
    if (row === null || this.#settled.has(todo)) return false;
    const { dueAt } = automation.describe(key, row, new Map(), this.now.toISOString());
    if (dueAt === null || dueAt > this.now.toISOString()) return false;
    const outcome = await automation.carryOut({ key, body: row, related: new Map(), now: this.now });
    if ('settled' in outcome) this.#settled.add(todo);
    return true;
  }

  /** As `deliver`, for every stream that the automation follows, as they are now. */
  async deliverAll(process: Process, name: string): Promise<boolean> {
    const automation = process.parts.automations.find((one) => one.name === name) as unknown as Automation;
    let isBusy = false;
    for (const id of await this.#idsFor(automation)) isBusy = (await this.deliver(process, name, id)) || isBusy;
    return isBusy;
  }

  /** Forgets what was settled, as if every to-do were delivered once more. */
  deliverAgain(): void {
    this.#settled.clear();
  }

  /** Lets a process do everything that is due until nothing is. */
  async rest(process: Process): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      let isBusy = false;
      for (const { name } of process.parts.automations) isBusy = (await this.deliverAll(process, name)) || isBusy;
      if (!isBusy) return;
    }
    throw new Error('It never comes to rest.');
  }

  /** Everything that was written in this workspace, in order. */
  async log(): Promise<readonly RecordedEvent[]> {
    this.#reading = this.#reading.then(() => this.#readOn());
    await this.#reading;
    return [...this.#log];
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const page = await this.stores.events.readAll(this.#read, 500);
      if (page.events.length === 0) return;
      this.#log.push(...page.events.filter(({ metadata }) => metadata.workspaceId === this.workspaceId));
      this.#read = page.position;
    }
  }

  async ids(category: string): Promise<readonly string[]> {
    const names = (await this.log()).map(({ stream }) => parseStreamName(stream));
    return [...new Set(names.filter((name) => name.category === category).map(({ id }) => id))];
  }

  async #idsFor({ follows }: Automation): Promise<readonly string[]> {
    return (await Promise.all(follows.map((category) => this.ids(category)))).flat();
  }

  async #rowOf(automation: Automation, streamId: string): Promise<[Parameters<Automation['project']>[0], string]> {
    const isOurs = ({ stream }: RecordedEvent): boolean => {
      const { category, id } = parseStreamName(stream);
      return id === streamId && automation.follows.includes(category);
    };
    const events = (await this.log()).filter(isOurs);
    let row: Parameters<Automation['project']>[0] = null;
    for (const recorded of events) {
      const definition = DEFINITIONS.find(({ category }) => category === parseStreamName(recorded.stream).category);
      if (definition)
        row = automation.project(row, { event: decodeEvent(definition, recorded), personal: null, recorded });
    }
    return [row, events[0]?.stream ?? ''];
  }

  context(userId: string): CommandContext {
    const commandId = newCommandId();
    const actor = { type: 'user', id: userId } as const;
    return { commandId, correlationId: commandId, causationId: commandId, actor, at: this.now };
  }
}

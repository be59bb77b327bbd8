import {
  CommandGate,
  copyLeaseName,
  partitionOf,
  ReadModels,
  Refusal,
  type EventToAppend,
  type Position,
  type ReadModel,
  type ReadModelCopy,
  type ReadModelPart,
  type ReadStore,
  type RecordedEvent,
} from '#kernel';
import { Projections, Runners } from '#runtime';
import { folder, named, note, notesReadModel, written, type NoteRow } from '../../libs/kernel/spec-notes.js';
import { interposing, openSpecStores, type SpecStores } from '../../libs/kernel/spec-stores.js';
import { until } from '../support/service/until.js';
import type { ReadStoreSetUp } from './read-store-case.js';

export const PARTITIONS = 3;
/** So many that each partition has several. */
export const WORKSPACES: readonly string[] = Array.from({ length: 12 }, (_, index) => `ws_${index}`);

let stages = 0;

/** One process that keeps the read model. */
export class Owner {
  readonly runners: Runners;
  #isDead = false;

  constructor(rows: ReadStore, { events, vault, clock }: SpecStores, model: ReadModel<NoteRow>) {
    const releaseLease = (lease: Parameters<ReadStore['releaseLease']>[0]): Promise<void> =>
      this.#isDead ? Promise.resolve() : rows.releaseLease(lease);
    const log = { warn: () => undefined };
    const stores = { events, vault, clock, log, gate: new CommandGate(), rows: interposing(rows, { releaseLease }) };
    this.runners = new Runners(stores, [folder, note], [model], new ReadModels(rows, events));
    this.runners.start();
  }

  /** The partitions that it keeps at the moment. */
  get partitions(): readonly number[] {
    const atWork = this.runners.all.filter(({ isAtWork }) => isAtWork);
    return [...new Set(atWork.map(({ copy }) => copy.partition))].sort();
  }

  /** It is gone, and has released nothing: others have to wait until its leases lapse. */
  async die(): Promise<void> {
    this.#isDead = true;
    await this.runners.stop();
  }
}

/** A read model of notes in several partitions, over a log of its own, as a process sees it that keeps none of them. */
export class PartitionedStage {
  readonly model: ReadModel<NoteRow>;
  readonly readModels: ReadModels;
  readonly projections: Projections;
  readonly #owners: Owner[] = [];
  readonly #revisions = new Map<string, number>();

  private constructor(
    readonly setUp: ReadStoreSetUp,
    readonly stores: SpecStores,
  ) {
    stages += 1;
    this.model = { ...notesReadModel(), name: `notes-${stages}`, partitions: PARTITIONS };
    this.readModels = new ReadModels(setUp.store, stores.events);
    const { events, clock } = stores;
    this.projections = new Projections({ events, rows: setUp.store, clock }, [this.model], this.readModels);
  }

  static async open(setUp: ReadStoreSetUp): Promise<PartitionedStage> {
    return new PartitionedStage(setUp, await openSpecStores());
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#owners.map(({ runners }) => runners.stop()));
    await this.stores.dispose();
  }

  /** Another process, with a store of its own where several may use the data. */
  own(): Owner {
    const rows = this.#owners.length % 2 === 0 ? this.setUp.store : this.setUp.another;
    const owner = new Owner(rows, this.stores, this.model);
    this.#owners.push(owner);
    return owner;
  }

  /** A folder in each workspace. */
  async name(name: string): Promise<Position> {
    return this.#appendToEach((workspaceId) => named(workspaceId, name));
  }

  /** One more note in each workspace. */
  async write(text: string): Promise<Position> {
    return this.#appendToEach((workspaceId) => written(`${text} of ${workspaceId}`, workspaceId, text));
  }

  /** One event in one workspace alone. */
  async writeIn(workspaceId: string, text: string): Promise<Position> {
    return this.#append(workspaceId, written(`${text} of ${workspaceId}`, workspaceId, text));
  }

  /** Waits until every partition includes the position, however often it is told that it does not yet. */
  async reached(position: Position): Promise<void> {
    await until(`all partitions include ${position}`, async () =>
      (await this.readModels.allReady(this.model, position)) instanceof Refusal ? null : true,
    );
  }

  parts(): readonly ReadModelPart[] {
    const { name, version } = this.model;
    return Array.from({ length: PARTITIONS }, (_, partition) => ({ name, version, partition }));
  }

  /** The keys of all rows of a copy. */
  async keysIn(copy: ReadModelCopy): Promise<readonly string[]> {
    const keys: string[] = [];
    for await (const { key } of this.setUp.store.scan(copy)) keys.push(key);
    return keys.sort();
  }

  /** Rows and counters of a copy as one text. */
  async contentOf(copy: ReadModelCopy): Promise<string> {
    const rows = [];
    for await (const row of this.setUp.store.scan(copy)) rows.push(row);
    const counts = [...(await this.setUp.store.countsByPrefix(copy, ''))].sort(([one], [other]) =>
      one < other ? -1 : 1,
    );
    return JSON.stringify([rows, counts]);
  }

  /** The texts of the notes of a workspace, as a query finds them once they include the position. */
  async textsOf(workspaceId: string, after: Position): Promise<readonly unknown[] | Refusal> {
    const ready = await this.readModels.ready(this.model, workspaceId, after);
    if (ready instanceof Refusal) return ready;
    const query = {
      index: 'byFolderAndText',
      equals: { folder: workspaceId },
      order: 'ascending',
      limit: 1_000,
    } as const;
    return (await this.setUp.store.find(ready.copy, query)).map(({ fields }) => fields['text']);
  }

  /** Lets nobody keep a partition until the answer is called. */
  async hold(partition: number): Promise<() => Promise<void>> {
    const copy = { ...this.parts()[partition], generation: 0 } as ReadModelCopy;
    const lease = await this.setUp.store.acquireLease(copyLeaseName(copy), 'somebody who does nothing', 60_000);
    if (lease === null) throw new Error('The partition is kept already.');
    return () => this.setUp.store.releaseLease(lease);
  }

  async #appendToEach(eventOf: (workspaceId: string) => RecordedEvent): Promise<Position> {
    let position = '';
    for (const workspaceId of WORKSPACES) position = await this.#append(workspaceId, eventOf(workspaceId));
    return position;
  }

  async #append(workspaceId: string, event: RecordedEvent): Promise<Position> {
    const { stream, id, type, version, data, sealed } = event;
    const metadata = { ...event.metadata, workspaceId };
    const toAppend: EventToAppend = { id, type, version, data, sealed, metadata };
    const result = await this.stores.events.append(stream, this.#revisions.get(stream) ?? 'no-stream', [toAppend]);
    if (result.outcome !== 'appended') throw new Error('The append was a conflict.');
    this.#revisions.set(stream, result.revision);
    return result.position;
  }
}

/** The workspaces of a partition. */
export const workspacesOf = (partition: number): readonly string[] =>
  WORKSPACES.filter((workspaceId) => partitionOf(workspaceId, PARTITIONS) === partition);

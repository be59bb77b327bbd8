import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodeEvent,
  MasterKeys,
  newCommandId,
  parseStreamName,
  Streams,
  Vault,
  type JsonObject,
  type RecordedEvent,
  type StreamDefinition,
} from '#kernel';
import type { SpecStores } from '../../libs/kernel/spec-stores.js';
import { ACTOR, SAMPLES, WORKSPACE } from './golden-samples.js';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'test/golden');

/**
 * An event as a store keeps it, and what it means today. `stored` never changes once it is written; when a newer version of the
 * type lifts it, `data` is what it is lifted to.
 */
export interface GoldenFile {
  readonly stored: RecordedEvent;
  readonly data: JsonObject;
  readonly personal: JsonObject | null;
}

/** Every kind of stream that a library of ours exports by its door. */
export async function streamDefinitions(): Promise<readonly StreamDefinition[]> {
  const capabilities = readdirSync(join(ROOT, 'libs')).filter((name) => existsSync(join(ROOT, 'libs', name, 'domain')));
  const doors: object[] = [];
  // One after another: Jest does not link modules that are asked for at once and depend on the same ones.
  for (const name of capabilities) doors.push((await import(`../../libs/${name}/index.js`)) as object);
  return doors.flatMap((door) => Object.values(door) as unknown[]).filter(isStreamDefinition);
}

function isStreamDefinition(value: unknown): value is StreamDefinition {
  return typeof value === 'object' && value !== null && 'category' in value && 'evolve' in value && 'events' in value;
}

export const goldenName = (type: string, version: number): string => `${type}.v${version}.json`;

export const readGolden = (): ReadonlyMap<string, GoldenFile> =>
  new Map(
    readdirSync(FOLDER)
      .filter((name) => /\.v\d+\.json$/.test(name))
      .map((name) => [name, JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as GoldenFile]),
  );

/** What the golden events of a category, in the order of their revisions, fold to. */
export const readFolded = (category: string): unknown =>
  JSON.parse(readFileSync(join(FOLDER, `folded-${category}.json`), 'utf8')) as unknown;

/** States as JSON writes them: sets and maps as lists. */
const plain = (state: unknown): unknown =>
  JSON.parse(
    JSON.stringify(state, (_key, value: unknown) =>
      value instanceof Set || value instanceof Map ? [...value] : value,
    ),
  ) as unknown;

/** The vault in which golden events can be opened: keys of no value, made from the names of their subjects. */
export async function goldenVault({ vaultStore }: SpecStores, subjects: readonly string[]): Promise<Vault> {
  const masterKeys = new MasterKeys([createHash('sha256').update('golden files').digest('base64')]);
  for (const subject of new Set(subjects)) {
    const key = createHash('sha256').update(`golden ${subject}`).digest();
    await vaultStore.insertKey(masterKeys.wrap(subject, key));
  }
  return new Vault(vaultStore, masterKeys);
}

/** Writes the golden files that are missing, by the way that every event takes, none is overwritten. What a category folds to follows. */
export async function writeMissingGolden(stores: SpecStores, definitions: readonly StreamDefinition[]): Promise<void> {
  const vault = await goldenVault(
    stores,
    Object.values(SAMPLES).map(({ id }) => id),
  );
  const streams = new Streams(stores.events, vault);
  for (const definition of definitions) {
    const sample = SAMPLES[definition.category];
    if (!sample) throw new Error(`There is no sample of ${definition.category}.`);
    for (const [index, event] of sample.events.entries()) {
      const commandId = newCommandId();
      const at = new Date(Date.parse('2029-03-01T08:12:44.031Z') + index * 60_000);
      const context = { commandId, correlationId: commandId, causationId: commandId, actor: ACTOR, at };
      const execution = { definition, id: sample.id, workspaceId: WORKSPACE, context };
      await streams.execute({ ...execution, decide: () => [event as never] });
    }
    let isNew = false;
    for (const [index, stored] of (await streams.history(definition, sample.id)).entries()) {
      const file = join(FOLDER, goldenName(stored.type, stored.version));
      if (existsSync(file)) continue;
      isNew = true;
      const golden: GoldenFile = { stored, data: stored.data, personal: sample.events[index]?.personal ?? null };
      writeFileSync(file, `${JSON.stringify(golden, null, 2)}\n`);
    }
    const folded = foldGolden(definition, goldenHistory(readGolden(), definition.category));
    const file = join(FOLDER, `folded-${definition.category}.json`);
    if (isNew) writeFileSync(file, `${JSON.stringify(folded, null, 2)}\n`);
  }
}

/** What golden events fold to, as JSON writes it. */
export const foldGolden = (definition: StreamDefinition, history: readonly GoldenFile[]): unknown =>
  plain(
    history.reduce(
      (before, { stored }) => definition.evolve(before, decodeEvent(definition, stored)),
      definition.initial,
    ),
  );

/** The golden events of a category in the order of their revisions. */
export const goldenHistory = (files: ReadonlyMap<string, GoldenFile>, category: string): readonly GoldenFile[] =>
  [...files.values()]
    .filter(({ stored }) => parseStreamName(stored.stream).category === category)
    .sort((a, b) => a.stored.revision - b.stored.revision);

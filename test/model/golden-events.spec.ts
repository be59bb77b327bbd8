import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeEvent, hashOf, openPersonal, parseStreamName, type StreamDefinition, type Vault } from '#kernel';
import { openSpecStores, type SpecStores } from '../../libs/kernel/spec-stores.js';
import {
  foldGolden,
  goldenHistory,
  goldenName,
  goldenVault,
  readFolded,
  readGolden,
  streamDefinitions,
  writeMissingGolden,
} from './golden-files.js';

/** Set to anything to write the files of new types and versions from their samples. */
const { WRITE_GOLDEN } = process.env;

const definitions = await streamDefinitions();
if (WRITE_GOLDEN) {
  const stores = await openSpecStores();
  await writeMissingGolden(stores, definitions);
  await stores.dispose();
}
const files = readGolden();
const all = [...files.entries()];

const definitionOf = (stream: string): StreamDefinition => {
  const found = definitions.find(({ category }) => category === parseStreamName(stream).category);
  if (!found) throw new Error(`No library knows the stream ${stream}.`);
  return found;
};

describe('golden files', () => {
  let stores: SpecStores;
  let vault: Vault;
  beforeAll(async () => {
    stores = await openSpecStores();
    vault = await goldenVault(
      stores,
      all.map(([, { stored }]) => parseStreamName(stored.stream).id),
    );
  });
  afterAll(() => stores.dispose());

  it('are there for every event type in its version of today (npm run jest with WRITE_GOLDEN=1 writes what is missing)', () => {
    const wanted = definitions.flatMap(({ events }) =>
      Object.entries(events).map(([type, { version }]) => goldenName(type, version)),
    );
    expect(wanted.length).toBeGreaterThanOrEqual(27);
    expect(wanted.filter((name) => !files.has(name))).toEqual([]);
  });

  it.each(all)('%s is named by its content and belongs to a type that is still known', (name, { stored }) => {
    expect(name).toBe(goldenName(stored.type, stored.version));
    expect(definitionOf(stored.stream).events[stored.type]?.version).toBeGreaterThanOrEqual(stored.version);
  });

  it.each(all)('%s is read as it was meant, and fits today’s schema', (_name, { stored, data }) => {
    const definition = definitionOf(stored.stream);
    const decoded = decodeEvent(definition, stored);
    expect(decoded).toEqual({ type: stored.type, data });
    expect(definition.events[stored.type]?.data.parse(decoded.data)).toEqual(data);
  });

  it.each(all)('%s opens under its subject’s key', async (_name, { stored, personal }) => {
    expect(await openPersonal(vault, stored)).toEqual(personal);
    if (!stored.sealed) return;
    const bytes = Buffer.from(stored.sealed.bytes, 'base64');
    expect([stored.sealed.alg, stored.sealed.hash]).toEqual(['A256GCM', hashOf(bytes)]);
    const sealedSchema = definitionOf(stored.stream).events[stored.type]?.personal;
    expect(sealedSchema?.parse(personal)).toEqual(personal);
    const readable = JSON.stringify(stored);
    for (const value of Object.values(personal ?? {})) {
      if (typeof value === 'string') expect(readable).not.toContain(value);
    }
  });

  it.each(definitions.map(({ category }) => category))('of %s fold to what they folded to', (category) => {
    const folded = foldGolden(definitionOf(`${category}-`), goldenHistory(files, category));
    expect(folded).toEqual(readFolded(category));
  });
});

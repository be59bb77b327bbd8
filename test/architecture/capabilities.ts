import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const LIBRARIES = join(import.meta.dirname, '..', '..', 'libs');

/** The source files of a library's folder, without specs. */
function sourcesOf(folder: string): readonly string[] {
  const names = statSync(folder, { throwIfNoEntry: false }) ? readdirSync(folder, { recursive: true }) : [];
  return names
    .map(String)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts') && !/(^|\/)spec-/.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}

const found = (sources: readonly string[], pattern: RegExp): readonly string[] => {
  const names = sources.flatMap((source) => [...source.matchAll(pattern)].map((match) => match[1] ?? ''));
  return [...new Set(names)].sort();
};

/** Every library that decides something: those with a domain folder. */
export const CAPABILITIES = readdirSync(LIBRARIES).filter((name) =>
  statSync(join(LIBRARIES, name, 'domain'), { throwIfNoEntry: false }),
);

/** What a capability is made of, as its code says. */
export interface Parts {
  readonly Commands: readonly string[];
  readonly Events: readonly string[];
  readonly Refusals: readonly string[];
  readonly Rows: readonly string[];
  readonly Automations: readonly string[];
}

/** Reads the parts off the code: commands are classes, events are definitions of the door, the rest is named in its object. */
export async function partsOf(capability: string): Promise<Parts> {
  const folder = join(LIBRARIES, capability);
  const all = sourcesOf(folder);
  const named = /\bname: '([a-z-]+)',\s+version:/g;
  const notFound = all.some((source) => source.includes('notFound(')) ? ['not-found'] : [];
  return {
    Commands: found(sourcesOf(join(folder, 'write')), /class (\w+) extends Command</g),
    Events: await eventsOf(capability),
    Refusals: [...new Set([...found(all, /new Refusal\(\s*'([a-z-]+)'/g), ...notFound])].sort(),
    Rows: found(sourcesOf(join(folder, 'read')), named),
    Automations: found(sourcesOf(join(folder, 'automation')), named),
  };
}

async function eventsOf(capability: string): Promise<readonly string[]> {
  const door = (await import(join(LIBRARIES, capability, 'index.ts'))) as Record<string, unknown>;
  const definitions = Object.entries(door).filter(([name]) => name.endsWith('Events'));
  return definitions.flatMap(([, definition]) => Object.keys(definition as object)).sort();
}

/** What the sections of a capability's README list: the names in the first column of a table that holds names. */
export function listedIn(capability: string, section: keyof Parts): readonly string[] {
  const text = readFileSync(join(LIBRARIES, capability, 'README.md'), 'utf8');
  const body = text.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? '';
  const column = section === 'Events' && body.startsWith('Events\n\n| stream') ? 2 : 1;
  const rows = body.split('\n').filter((line) => line.startsWith('|'));
  const names = rows.map((row) => /^`([\w-]+)`$/.exec((row.split('|')[column] ?? '').trim())?.[1]);
  return names.filter((name) => name !== undefined).sort();
}

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The characters of a base64 text that do not depend on what stands around the bytes, for each of three alignments. */
function base64Cores(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const from = Math.ceil((shift * 8) / 6);
    const to = Math.floor(((shift + bytes.length) * 8) / 6);
    return text.slice(from, to);
  });
}

/**
 * Every form in which a text may stand somewhere without being readable at first sight: as it is, base64 and base64url at
 * any alignment, hex, percent-encoded, JSON-escaped, and in UTF-16.
 */
export function formsOf(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString('hex');
  const percent = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const escaped = [...text].map((one) => `\\u${(one.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`).join('');
  const cores = base64Cores(bytes);
  const forms = [
    ...[text, encodeURIComponent(text), encodeURIComponent(text).replaceAll('%20', '+')],
    ...[JSON.stringify(text).slice(1, -1), hex, hex.toUpperCase(), percent, percent.toUpperCase(), escaped],
    ...cores,
    ...cores.map((core) => core.replaceAll('+', '-').replaceAll('/', '_')),
  ];
  // Bytes are searched as Latin-1, in which every byte is a character of its own.
  const searched = [...forms.map((form) => Buffer.from(form)), Buffer.from(text, 'utf16le')];
  return [...new Set(searched.map((form) => form.toString('latin1')))].filter((form) => form.length > 3);
}

/** The forms of the secrets that stand in a text of bytes (Latin-1), each as `secret as form`. */
export function found(haystack: string, secrets: readonly string[]): readonly string[] {
  return secrets.flatMap((secret) =>
    formsOf(secret)
      .filter((form) => haystack.includes(form))
      .map((form) => `${secret} as ${form}`),
  );
}

/** Every file below a folder with its bytes as Latin-1, by its path from there. */
export function filesBelow(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(join(folder, name)).toString('latin1')]));
}

/** Where the secrets stand below a folder, in the files that are looked at. */
export function foundBelow(
  folder: string,
  secrets: readonly string[],
  looksAt: (file: string) => boolean = () => true,
): readonly string[] {
  return [...filesBelow(folder)]
    .filter(([name]) => looksAt(name))
    .flatMap(([name, bytes]) => found(bytes, secrets).map((one) => `${name}: ${one}`));
}

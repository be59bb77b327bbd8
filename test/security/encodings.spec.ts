import { describe, expect, it } from '@jest/globals';
import { found } from './encodings.js';

const SECRET = 'sbx_Ünder "cover"';

describe('the search for secrets', () => {
  const latin1 = (text: string): string => Buffer.from(text).toString('latin1');
  const hidden: readonly [string, string][] = [
    ['as it is', `a${SECRET}b`],
    ['in base64', Buffer.from(SECRET).toString('base64')],
    ['in base64 behind one byte', Buffer.from(`x${SECRET}yz`).toString('base64')],
    ['in base64 behind two bytes', Buffer.from(`xx${SECRET}y`).toString('base64')],
    ['in base64url', Buffer.from(`>>>${SECRET}`).toString('base64url')],
    ['in hex', Buffer.from(SECRET).toString('hex')],
    ['in HEX', Buffer.from(SECRET).toString('hex').toUpperCase()],
    ['in a URL', `?a=${encodeURIComponent(SECRET)}`],
    ['in a form', new URLSearchParams({ a: SECRET }).toString()],
    ['in JSON', JSON.stringify({ a: SECRET })],
    [
      'in JSON that escapes all',
      Array.from(SECRET, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
    ],
  ];
  it.each(hidden)('finds one %s', (_, text) => {
    expect(found(latin1(text), [SECRET])).not.toEqual([]);
  });

  it('finds one in UTF-16', () => {
    expect(found(Buffer.from(`x${SECRET}`, 'utf16le').toString('latin1'), [SECRET])).not.toEqual([]);
  });

  it('finds nothing where nothing is', () => {
    expect(
      found(latin1(`${SECRET.slice(0, -1)} ${Buffer.from('something else').toString('base64')}`), [SECRET]),
    ).toEqual([]);
  });
});

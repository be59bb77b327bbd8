import { describe, expect, it } from '@jest/globals';
import { Secret } from '#kernel';
import { PlatformFailure } from '#social-accounts';
import { openTokens, sealTokens } from './grant-secrets.js';
import { classifyGraphError, classifyGraphTokenError } from './graph-errors.js';
import { earlierInstant, instantOfUnix, secondsAfter, wholeSecond } from './instants.js';
import { PlatformHttp } from './platform-http.js';
import {
  displayName,
  externalId,
  handleText,
  lifetimeSeconds,
  scopeList,
  shownUrl,
  tokenText,
  unixSeconds,
} from './provider-values.js';
import { retryAfterSeconds } from './retry-after.js';

describe('what platforms hand out', () => {
  it('is an id only when it can stand in a path', () => {
    for (const good of ['1', '17841400000000001', 'aDa7Qx01mB', 'a-b_c']) expect(externalId.parse(good)).toBe(good);
    for (const bad of ['', '../1', 'a b', 'a/b', 'x'.repeat(129), 12, null]) {
      expect(externalId.safeParse(bad).success).toBe(false);
    }
  });

  it('is a token only when it can stand in a header', () => {
    expect(tokenText.parse('EAAB|x-._~+/=')).toBe('EAAB|x-._~+/=');
    for (const bad of ['', 'a b', 'a\nb', 'ä', 'x'.repeat(4_097), null])
      expect(tokenText.safeParse(bad).success).toBe(false);
  });

  it('is a name without control characters, cut to whole characters', () => {
    expect(displayName.parse('  Ada\u0000\u202e<b>Bakery</b>\n ')).toBe('Ada <b>Bakery</b>');
    expect(displayName.parse('🍞'.repeat(300))).toBe('🍞'.repeat(200));
    expect(displayName.parse('a\ud800b')).toBe('a b');
    for (const nothing of ['', ' \n', null, undefined]) expect(displayName.parse(nothing)).toBeNull();
    expect(displayName.safeParse(12).success).toBe(false);
  });

  it('is a handle only when it can stand in an address', () => {
    for (const good of ['ada.bakery', 'ada_1', 'ädä']) expect(handleText.parse(good)).toBe(good);
    for (const bad of ['', 'a b', 'a/b', 'a?b', 'a\ud800', 'x'.repeat(101), null])
      expect(handleText.parse(bad)).toBeNull();
  });

  it('is a URL to show only by https, or by http from the sandbox', () => {
    expect(shownUrl('https://cdn.example/a.png?x=1', false)).toBe('https://cdn.example/a.png?x=1');
    expect(shownUrl('http://127.0.0.1:3001/a.svg', true)).toBe('http://127.0.0.1:3001/a.svg');
    expect(shownUrl('http://127.0.0.1:3001/a.svg', false)).toBeNull();
    for (const bad of [
      'http://cdn.example/a',
      'javascript:alert(1)',
      'data:,x',
      '/a',
      'https://u:p@x.example/',
      1,
      null,
    ]) {
      expect(shownUrl(bad, true)).toBeNull();
    }
    expect(shownUrl(`https://x.example/${'a'.repeat(2_048)}`, true)).toBeNull();
  });

  it('is a list of scopes in every form', () => {
    for (const form of ['b,a', 'b a', 'a,b,,a', ['b', 'a', 'a', '']]) expect(scopeList.parse(form)).toEqual(['a', 'b']);
    for (const bad of [
      12,
      ['x'.repeat(101)],
      'x'.repeat(10_001),
      Array.from({ length: 101 }, (_, index) => `s${String(index)}`),
    ]) {
      expect(scopeList.safeParse(bad).success).toBe(false);
    }
  });

  it('is a lifetime in whole seconds, rounded down, and 0 is no instant', () => {
    expect(lifetimeSeconds.parse(59.9)).toBe(59);
    for (const bad of [-1, 1e12, Number.NaN, '60', null]) expect(lifetimeSeconds.safeParse(bad).success).toBe(false);
    expect(unixSeconds.parse(0)).toBeNull();
    expect(unixSeconds.parse(1_700_000_000.9)).toBe(1_700_000_000);
    expect(unixSeconds.safeParse(1e15).success).toBe(false);
  });
});

describe('instants', () => {
  const now = new Date('2026-01-01T00:00:00.999Z');

  it('are whole seconds that never lie later than they are', () => {
    expect(wholeSecond(now)).toBe('2026-01-01T00:00:00.000Z');
    expect(secondsAfter(now, 60)).toBe('2026-01-01T00:01:00.000Z');
    expect(instantOfUnix(1_767_225_600)).toBe('2026-01-01T00:00:00.000Z');
  });

  it('compare with null as no known end', () => {
    expect(earlierInstant('2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z')).toBe('2026-01-01T00:00:00.000Z');
    expect(earlierInstant(null, '2026-01-02T00:00:00.000Z')).toBe('2026-01-02T00:00:00.000Z');
    expect(earlierInstant('2026-01-01T00:00:00.000Z', null)).toBe('2026-01-01T00:00:00.000Z');
    expect(earlierInstant(null, null)).toBeNull();
  });

  it('of Retry-After come in seconds or as a date, and never without bound', () => {
    expect(retryAfterSeconds('120')).toBe(120);
    expect(retryAfterSeconds(new Date(Date.now() + 60_000).toUTCString())).toBeLessThanOrEqual(60);
    expect(retryAfterSeconds('Thu, 01 Jan 1970 00:00:00 GMT')).toBe(0);
    expect(retryAfterSeconds('999999999')).toBe(86_400);
    for (const bad of ['soon', '-5x', null]) expect(retryAfterSeconds(bad)).toBeNull();
  });
});

describe("a grant's tokens", () => {
  const http = new PlatformHttp('Example');

  it('come back as they were kept', () => {
    for (const refreshToken of [null, new Secret('r')]) {
      const sealed = sealTokens({ accessToken: new Secret('a'), refreshToken });
      const opened = openTokens(sealed, http);
      if (opened instanceof PlatformFailure) throw new Error('They open.');
      expect(opened.accessToken.use((text) => text)).toBe('a');
      expect(opened.refreshToken?.use((text) => text) ?? null).toBe(refreshToken === null ? null : 'r');
    }
  });

  it('are nothing when the text is another', () => {
    for (const text of ['', 'null', '{}', '{"accessToken":""}', '{"accessToken":"a b"}']) {
      expect(openTokens(new Secret(text), http)).toMatchObject({ kind: 'other' });
    }
  });
});

describe("an error of Meta's Graph hosts", () => {
  const graphError = (code: unknown, more: object = {}) => ({ error: { message: 'sbx_echo', code, ...more } });

  it.each([
    [400, graphError(190, { error_subcode: 463 }), 'rejected'],
    [401, graphError(102), 'rejected'],
    [400, graphError(4), 'rate-limited'],
    [403, graphError(17), 'rate-limited'],
    [400, graphError(80_001), 'rate-limited'],
    [429, graphError(190), 'rate-limited'],
    [400, graphError(2), 'transient'],
    [400, graphError(368, { is_transient: true }), 'transient'],
    [500, graphError(190), 'transient'],
    [400, graphError(10), 'missing-permission'],
    [403, graphError(200), 'missing-permission'],
    [403, graphError(299), 'missing-permission'],
    [400, graphError(100, { error_subcode: 33 }), 'access-lost'],
    [404, graphError(803), 'access-lost'],
    [400, graphError(368), 'other'],
    [400, graphError('190'), 'other'],
    [400, undefined, 'other'],
    [401, 'Unauthorized', 'other'],
  ])('of status %d %j is %s', (status, body, kind) => {
    expect(classifyGraphError(status, body)).toBe(kind);
  });

  it('at the token endpoint is about the code, never about an account or a grant', () => {
    expect(classifyGraphTokenError(400, graphError(100))).toBe('other');
    expect(classifyGraphTokenError(400, graphError(190))).toBe('other');
    expect(classifyGraphTokenError(400, graphError(4))).toBe('rate-limited');
    expect(classifyGraphTokenError(500, undefined)).toBe('transient');
  });
});

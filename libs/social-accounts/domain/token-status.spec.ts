import { describe, expect, it } from '@jest/globals';
import {
  daysLeft,
  HEALTHS,
  nextTokenChange,
  type STATUSES,
  tokenHealth,
  tokenLabel,
  tokenStatus,
  type TokenFacts,
  type TokenHealth,
} from './token-status.js';

const DAY_MS = 86_400_000;
const END = '2029-05-30T09:00:00.000Z';
const before = (days: number, ms = 0): Date => new Date(Date.parse(END) - days * DAY_MS + ms);
const facts = (more: Partial<TokenFacts> = {}): TokenFacts => ({
  expiresAt: END,
  expired: null,
  accessLost: false,
  hasMissingPermissions: false,
  windowDays: 30,
  ...more,
});

describe('the health of a token (T1)', () => {
  it('is expiring from exactly thirty days before its end', () => {
    expect(tokenHealth(facts(), before(30, -1))).toBe('ok');
    expect(tokenHealth(facts(), before(30))).toBe('expiring');
    expect(tokenHealth(facts(), before(0, -1))).toBe('expiring');
  });

  it('follows the window of the workspace', () => {
    expect(tokenHealth(facts({ windowDays: 7 }), before(7, -1))).toBe('ok');
    expect(tokenHealth(facts({ windowDays: 7 }), before(7))).toBe('expiring');
    expect(tokenHealth(facts({ windowDays: 0 }), before(0, -1))).toBe('ok');
  });

  it('has lapsed exactly at its end, announced or not', () => {
    expect(tokenHealth(facts(), before(0))).toBe('lapsed');
    expect(tokenHealth(facts({ expired: 'lapsed' }), before(1))).toBe('lapsed');
  });

  it('never ends by itself without a known end (T3)', () => {
    expect(tokenHealth(facts({ expiresAt: null }), before(-100_000))).toBe('ok');
    expect(nextTokenChange(facts({ expiresAt: null }), before(1))).toBeNull();
  });

  it('names what needs a person first', () => {
    const everything = { accessLost: true, hasMissingPermissions: true };
    for (const expired of ['rejected', 'revoked'] as const) {
      expect(tokenHealth(facts({ ...everything, expired }), before(-1))).toBe('rejected');
    }
    expect(tokenHealth(facts(everything), before(0))).toBe('lapsed');
    expect(tokenHealth(facts(everything), before(10))).toBe('access-lost');
    expect(tokenHealth(facts({ hasMissingPermissions: true }), before(10))).toBe('expiring');
    expect(tokenHealth(facts({ hasMissingPermissions: true }), before(31))).toBe('missing-permissions');
  });
});

describe('the status of a token', () => {
  it('is one of three for each health', () => {
    const table: Record<TokenHealth, (typeof STATUSES)[number]> = {
      ok: 'valid',
      'missing-permissions': 'valid',
      expiring: 'expiring',
      lapsed: 'expired',
      rejected: 'expired',
      'access-lost': 'expired',
    };
    expect(HEALTHS.map((health) => [health, tokenStatus(health)]).sort()).toEqual(Object.entries(table).sort());
  });
});

describe('the next change by time alone', () => {
  it('is the edge of the window, then the end, then nothing', () => {
    expect(nextTokenChange(facts(), before(31))).toBe(before(30).toISOString());
    expect(nextTokenChange(facts(), before(30))).toBe(END);
    expect(nextTokenChange(facts(), before(0, -1))).toBe(END);
    expect(nextTokenChange(facts(), before(0))).toBeNull();
    expect(nextTokenChange(facts({ expired: 'rejected' }), before(31))).toBeNull();
  });
});

describe('what people read', () => {
  it('counts the days left, rounded up, never below none', () => {
    expect(daysLeft(END, before(7))).toBe(7);
    expect(daysLeft(END, before(7, 1))).toBe(7);
    expect(daysLeft(END, before(7, DAY_MS))).toBe(6);
    expect(daysLeft(END, before(0, -1))).toBe(1);
    expect(daysLeft(END, before(0))).toBe(0);
    expect(daysLeft(END, before(-3))).toBe(0);
    expect(daysLeft(null, before(7))).toBeNull();
  });

  const label = (
    health: TokenHealth,
    days = 40,
    expiresAt: string | null = END,
    renewal: 'automatic' | 'reconnect' = 'reconnect',
  ) => tokenLabel(health, expiresAt, before(days), renewal);

  it('says what is to be done, with the day', () => {
    expect(label('expiring', 7)).toBe(
      'The connection ends on 2029-05-30, in 7 days. Reconnect the account before then.',
    );
    expect(label('expiring', 0.5)).toContain('in 1 day.');
    expect(label('lapsed', -1)).toContain('expired on 2029-05-30');
    expect(label('rejected')).toContain('no longer accepts');
    expect(label('access-lost')).toContain('no longer reaches this account');
    expect(label('missing-permissions')).toContain('Some permissions were not granted');
  });

  it('says until when it works, or that it renews itself, or that it has no expiry', () => {
    expect(label('ok')).toBe('The connection works until 2029-05-30.');
    expect(label('ok', 40, END, 'automatic')).toContain('renews itself; without renewal it would end on 2029-05-30');
    expect(label('ok', 40, null)).toBe('The connection works and has no expiry.');
  });

  it('is a different sentence for every health', () => {
    expect(new Set(HEALTHS.map((health) => label(health, 7))).size).toBe(HEALTHS.length);
  });
});

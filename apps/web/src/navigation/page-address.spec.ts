import { describe, expect, it } from '@jest/globals';
import { formatAddress, parseAddress } from './page-address.js';

describe('page address', () => {
  it('reads back what it wrote', () => {
    const address = parseAddress(
      '?workspace=ws_1&status=expiring&platform=google-business&q=ada+b&sort=tokenExpiresAt&account=acc_2',
    );
    expect(address).toEqual({
      workspace: 'ws_1',
      view: 'accounts',
      status: 'expiring',
      platform: 'google-business',
      q: 'ada b',
      sort: 'tokenExpiresAt',
      account: 'acc_2',
      connection: null,
    });
    expect(parseAddress(formatAddress(address).slice(1))).toEqual(address);
  });

  it('leaves defaults out', () => {
    expect(formatAddress(parseAddress(''))).toBe('/');
    expect(formatAddress(parseAddress('?workspace=ws_1&status=all&sort=name'))).toBe('/?workspace=ws_1');
  });

  it('takes an unknown value for the default', () => {
    expect(parseAddress('?status=broken&platform=myspace&sort=x&view=y')).toEqual(parseAddress(''));
  });

  it('keeps special characters of a search', () => {
    const address = { ...parseAddress(''), q: 'a&b=c #ä' };
    expect(parseAddress(formatAddress(address).slice(1)).q).toBe('a&b=c #ä');
  });
});

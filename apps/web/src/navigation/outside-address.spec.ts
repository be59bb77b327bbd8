import { describe, expect, it } from '@jest/globals';
import { outsideAddress } from './outside-address.js';

describe('outside address', () => {
  it('takes web addresses', () => {
    expect(outsideAddress('https://example.org/a?b=c')).toBe('https://example.org/a?b=c');
    expect(outsideAddress('http://127.0.0.1:3001/x')).toBe('http://127.0.0.1:3001/x');
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', ' JaVaScRiPt:alert(1)', '/relative', '', null, undefined])(
    'refuses %p',
    (text) => {
      expect(outsideAddress(text)).toBeNull();
    },
  );
});

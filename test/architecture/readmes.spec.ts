import { describe, expect, it } from '@jest/globals';
import { CAPABILITIES, listedIn, partsOf } from './capabilities.js';

const SECTIONS = ['Commands', 'Events', 'Refusals', 'Rows', 'Automations'] as const;

it('finds the capabilities', () => {
  expect(CAPABILITIES).toEqual(expect.arrayContaining(['social-accounts', 'workspaces']));
});

describe.each(CAPABILITIES)('the README of %s', (capability) => {
  it.each(SECTIONS)('lists the %s that there are', async (section) => {
    expect(listedIn(capability, section)).toEqual((await partsOf(capability))[section]);
  });
});

it('reads something of every kind off the code', async () => {
  const parts = await partsOf('social-accounts');
  expect(parts.Commands).toContain('RemoveAccount');
  expect(parts.Events).toContain('TokenExpired');
  expect(parts.Refusals).toEqual(expect.arrayContaining(['already-decided', 'not-found']));
  expect(parts.Rows).toContain('accounts');
  expect(parts.Automations).toContain('watch-token-expiry');
});

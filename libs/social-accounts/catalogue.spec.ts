import { describe, expect, it } from '@jest/globals';
import { type CataloguePlatform, PLATFORM_CATALOGUE } from './catalogue.js';
import { PLATFORMS } from './platform.js';

const platform = (id: string): CataloguePlatform | undefined => PLATFORM_CATALOGUE.find((one) => one.id === id);
const idsWith = (condition: (one: CataloguePlatform) => boolean) =>
  PLATFORM_CATALOGUE.filter(condition).map(({ id }) => id);

describe('the catalogue of platforms (C1)', () => {
  it('describes every platform once, each with a way to connect and something to connect', () => {
    expect(PLATFORM_CATALOGUE.map(({ id }) => id)).toEqual(PLATFORMS);
    expect(idsWith(({ methods, accountTypes }) => methods.length === 0 || accountTypes.length === 0)).toEqual([]);
  });

  it('has a choice of methods on Instagram alone, and other ways than OAuth 2 on Bluesky and Mastodon alone', () => {
    expect(idsWith(({ methods }) => methods.length > 1)).toEqual(['instagram']);
    expect(platform('instagram')?.methods.map(({ id }) => id)).toEqual(['direct', 'via-facebook']);
    expect(platform('bluesky')?.methods).toEqual([
      expect.objectContaining({ id: 'app-password', kind: 'app-password' }),
    ]);
    expect(platform('mastodon')?.methods).toEqual([expect.objectContaining({ id: 'direct', kind: 'instance-oauth2' })]);
    expect(idsWith(({ methods }) => methods.some(({ kind }) => kind !== 'oauth2'))).toEqual(['bluesky', 'mastodon']);
  });

  it('names the account types of each platform', () => {
    expect(platform('facebook')?.accountTypes).toEqual(['page']);
    expect(platform('instagram')?.accountTypes).toEqual(['professional']);
    expect(platform('linkedin')?.accountTypes).toEqual(['profile', 'organization']);
    expect(platform('youtube')?.accountTypes).toEqual(['channel']);
    expect(platform('google-business')?.accountTypes).toEqual(['location']);
    expect(idsWith(({ accountTypes }) => accountTypes.join() === 'profile')).toEqual([
      'threads',
      'x',
      'tiktok',
      'pinterest',
      'bluesky',
      'mastodon',
    ]);
  });

  it('says why a Facebook group or profile cannot be connected any more (C2)', () => {
    expect(platform('facebook')?.unsupportedTypes.map(({ type }) => type)).toEqual(['group', 'profile']);
    for (const { why } of platform('facebook')?.unsupportedTypes ?? []) expect(why).toMatch(/^Facebook .+ any more\.$/);
    expect(idsWith(({ unsupportedTypes }) => unsupportedTypes.length > 0)).toEqual(['facebook']);
  });

  it('offers locations on Facebook and Instagram (D2), devices on Instagram (D3), and renewal where it exists (T4)', () => {
    expect(idsWith(({ supports }) => supports.location)).toEqual(['facebook', 'instagram']);
    expect(idsWith(({ supports }) => supports.devices)).toEqual(['instagram']);
    expect(idsWith(({ supports }) => !supports.automaticRenewal)).toEqual(['facebook', 'mastodon']);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PLATFORM_IDS, type Platform } from '#contract';
import { InProcessService } from '../support/service/in-process-service.js';
import { createWorkspace } from '../support/service/steps.js';

describe('what can be connected', () => {
  let service: InProcessService;
  let platforms: readonly Platform[];

  beforeAll(async () => {
    service = await InProcessService.start();
    const person = await service.as('paula');
    platforms = (await person.get<readonly Platform[]>('/v1/platforms')).body;
  });
  afterAll(() => service.stop());

  const platform = (id: string): Platform | undefined => platforms.find((one) => one.id === id);

  it('C1: names every platform with its methods, account types, and what is supported', () => {
    expect(platforms.map(({ id }) => id)).toEqual([...PLATFORM_IDS]);
    for (const one of platforms) {
      expect(Object.keys(one).sort()).toEqual(
        ['accountTypes', 'configured', 'id', 'methods', 'mode', 'name', 'supports'].sort(),
      );
      expect(Object.keys(one.supports).sort()).toEqual(['automaticRenewal', 'devices', 'location']);
      expect(one.accountTypes.length).toBeGreaterThan(0);
      for (const method of one.methods) expect(Object.keys(method).sort()).toEqual(['id', 'kind', 'label']);
    }
  });

  it.each([
    ['facebook', ['page'], true, false],
    ['instagram', ['professional'], true, true],
    ['linkedin', ['profile', 'organization'], false, false],
    ['youtube', ['channel'], false, false],
    ['google-business', ['location'], false, false],
    ['x', ['profile'], false, false],
  ])('C1: %s has the types %j; location %s, devices %s', (id, types, location, devices) => {
    expect(platform(id)).toMatchObject({ accountTypes: types, supports: { location, devices } });
  });

  it('C1: says what is set up, and by what', () => {
    expect(platform('facebook')).toMatchObject({ configured: true, mode: 'sandbox' });
    expect(platform('instagram')).toMatchObject({ configured: true, mode: 'sandbox' });
    expect(platform('linkedin')).toMatchObject({ configured: true, mode: 'sandbox' });
    for (const one of platforms) expect(one.configured).toBe(one.mode !== 'off');
  });

  it('C4: one direct method by OAuth 2 for most, an app password for Bluesky, a server of its own for Mastodon', () => {
    const kinds = platforms.map(({ id, methods }) => [id, ...methods.map((method) => `${method.id}:${method.kind}`)]);
    expect(Object.fromEntries(kinds.map(([id, ...methods]) => [id, methods]))).toMatchObject({
      facebook: ['direct:oauth2'],
      instagram: ['direct:oauth2', 'via-facebook:oauth2'],
      linkedin: ['direct:oauth2'],
      x: ['direct:oauth2'],
      bluesky: ['app-password:app-password'],
      mastodon: ['direct:instance-oauth2'],
    });
  });

  it('refuses a platform that is not set up with platform-not-configured', async () => {
    const off = platforms.find(({ configured, methods }) => !configured && methods.length === 1);
    if (!off) throw new Error('Every platform is set up; let this test turn one off.');
    const person = await service.as('paula');
    const workspaceId = await createWorkspace(person);
    const answer = await person.post(`/v1/workspaces/${workspaceId}/connections`, { platform: off.id });
    expect([answer.status, answer.code]).toEqual([409, 'platform-not-configured']);
  });

  it('is for whoever has a session, service or person', async () => {
    expect((await service.newBrowser().call('/v1/platforms')).status).toBe(401);
    const billing = await service.as('billing', { scope: 'tokens:issue' });
    expect((await billing.get('/v1/platforms')).status).toBe(200);
  });
});

import { randomInt } from 'node:crypto';
import type { Call, PlatformHost, Reply, Thing } from '../platform.js';
import { pictureUrl } from '../world.js';
import type { GraphNode } from './graph-fields.js';
import { invalidParameter } from './graph-errors.js';

/** Source: Instagram's content publishing limit; its pages disagree about the figure, so clients must read it. */
const POSTS_PER_DAY = 50;
const DAY_SECONDS = 24 * 60 * 60;
const MAX_MEDIA_NUMBER = 2 ** 47;

/** A professional account as graph.facebook.com shows it. */
export function instagramNode(host: PlatformHost, origin: string, account: Thing): GraphNode {
  return {
    type: 'IGUser',
    defaults: ['id'],
    fields: {
      id: () => account.id,
      username: () => host.world.name(account),
      name: () => host.world.name(account),
      profile_picture_url: () => pictureUrl(origin, account),
      followers_count: () => 0,
      media_count: () => 0,
    },
  };
}

/** Finds the account that a call may publish to, or says why it may not. `scope` comes without its prefix. */
export type FindPublisher = (call: Call, scope: 'basic' | 'content_publish') => Thing | Reply;

/** The two steps of publishing on Instagram, and its limit; the same on both Graph hosts. */
export function publishingRoutes(host: PlatformHost, base: string, find: FindPublisher): void {
  const publishing =
    (handler: (call: Call) => Reply) =>
    (call: Call): Reply => {
      const account = find(call, 'content_publish');
      return 'status' in account ? account : handler(call);
    };
  host.route(
    'POST',
    `${base}/:id/media`,
    'publish',
    publishing((call) =>
      ['image_url', 'video_url', 'children'].every((name) => call.input(name) === '')
        ? invalidParameter('The parameter image_url is required')
        : { status: 200, body: { id: mediaId() } },
    ),
  );
  host.route(
    'POST',
    `${base}/:id/media_publish`,
    'publish',
    publishing((call) =>
      /^\d+$/.test(call.input('creation_id'))
        ? { status: 200, body: { id: mediaId() } }
        : invalidParameter('The parameter creation_id is required'),
    ),
  );
  host.route('GET', `${base}/:id/content_publishing_limit`, 'profile', (call) => {
    const account = find(call, 'basic');
    if ('status' in account) return account;
    const config = { quota_total: POSTS_PER_DAY, quota_duration: DAY_SECONDS };
    return { status: 200, body: { data: [{ config, quota_usage: 0 }] } };
  });
}

function mediaId(): string {
  return `180${String(randomInt(MAX_MEDIA_NUMBER))}`;
}

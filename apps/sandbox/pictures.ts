import type { FastifyInstance } from 'fastify';
import { escapeHtml } from './consent-page.js';
import type { Thing } from './platform.js';
import type { World } from './world.js';

const PICTURE_LIFETIME_SECONDS = 60;
const GOLDEN_ANGLE_DEGREES = 137;

/** `GET /pictures/<platform>/<id>.svg`: initials on a colour, so that every user and Page can be told apart. */
export function servePictures(server: FastifyInstance, world: World): void {
  server.get<{ Params: { platform: string; file: string } }>('/pictures/:platform/:file', (request, reply) => {
    const thing = world.byId(request.params.platform, request.params.file.replace(/\.svg$/, ''));
    if (thing === undefined) return reply.code(404).type('text/plain').send('No such picture.');
    return reply
      .type('image/svg+xml; charset=utf-8')
      .header('cache-control', `max-age=${PICTURE_LIFETIME_SECONDS}`)
      .header('cross-origin-resource-policy', 'cross-origin')
      .send(drawPicture(thing, world.name(thing)));
  });
}

function drawPicture(thing: Thing, name: string): string {
  // Ids that follow one another are a golden angle apart, and so are told apart at a glance.
  const hue =
    ([...thing.id].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 360, 7) * GOLDEN_ANGLE_DEGREES) %
    360;
  const initials = name
    .split(/[\s._-]+/)
    .map((word) => word.charAt(0).toUpperCase())
    .slice(0, 2)
    .join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 160" width="160" height="160" role="img">
<title>${escapeHtml(name)}</title><rect width="160" height="160" fill="hsl(${String(hue)} 55% 38%)"/>
<text x="80" y="102" font-family="sans-serif" font-size="64" fill="#fff" text-anchor="middle">${escapeHtml(initials)}</text></svg>`;
}

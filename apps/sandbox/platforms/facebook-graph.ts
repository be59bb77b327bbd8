import { randomInt } from 'node:crypto';
import type { Call, PlatformHost, Reply, Thing } from '../platform.js';
import { pictureUrl } from '../world.js';
import { mayPostOn, pageToken, reachablePages, readSubject, type Subject } from './facebook-tokens.js';
import { NonexistingField, parseFields, select, type Field, type GraphNode } from './graph-fields.js';
import { invalidParameter, missingObject, missingPermission } from './graph-errors.js';
import { instagramNode, publishingRoutes } from './instagram-media.js';
import { business, instagramOf, portfolioPages } from './meta-things.js';

/** However many are asked for, so that paging happens with few Pages. */
const PAGE_LENGTH = 2;
const PICTURE_PIXELS = 160;
const MAX_POST_NUMBER = 2 ** 47;

interface Asking {
  readonly host: PlatformHost;
  readonly call: Call;
  readonly subject: Subject;
  readonly base: string;
}

/** The nodes and edges of graph.facebook.com that lead from a person to what can be posted to. */
export function graphRoutes(host: PlatformHost, base: string): void {
  const withSubject =
    (handler: (asking: Asking) => Reply) =>
    (call: Call): Reply => {
      const subject = readSubject(host, call);
      return subject.ok ? handler({ host, call, subject: subject.subject, base }) : subject.reply;
    };
  host.route(
    'GET',
    `${base}/me`,
    'profile',
    withSubject((asking) => show(asking, me(asking))),
  );
  host.route('GET', `${base}/me/permissions`, 'profile', withSubject(permissions));
  for (const edge of ['accounts', 'businesses'] as const) {
    host.route(
      'GET',
      `${base}/me/${edge}`,
      'profile',
      withSubject((asking) => showEdge(asking, 'me', edge)),
    );
  }
  for (const edge of ['owned_pages', 'client_pages'] as const) {
    host.route(
      'GET',
      `${base}/:id/${edge}`,
      'profile',
      withSubject((asking) =>
        asking.call.params['id'] === business.id
          ? showEdge(asking, business.id, edge)
          : missingObject(asking.call.params['id'] ?? ''),
      ),
    );
  }
  host.route('GET', `${base}/:id`, 'profile', withSubject(showById));
  host.route('POST', `${base}/:id/feed`, 'publish', withSubject(post));
  publishingRoutes(host, base, (call, scope) => {
    const subject = readSubject(host, call);
    if (!subject.ok) return subject.reply;
    const account = instagramById(host, subject.subject, call.params['id'] ?? '');
    if (account === undefined) return missingObject(call.params['id'] ?? '');
    return subject.subject.found.grant.scopes.includes(`instagram_${scope}`)
      ? account
      : missingPermission(`Requires instagram_${scope} permission`);
  });
}

function show({ call }: Asking, node: GraphNode): Reply {
  const fields = parseFields(call.input('fields'));
  if (fields === undefined) return invalidParameter('Syntax error in fields');
  return asReply(select(node, fields));
}

function asReply(result: unknown): Reply {
  return result instanceof NonexistingField
    ? invalidParameter(`Tried accessing nonexisting field (${result.field}) on node type (${result.type})`)
    : { status: 200, body: result };
}

function showById(asking: Asking): Reply {
  const { host, subject, call } = asking;
  const id = call.params['id'] ?? '';
  const page = reachableById(asking, id);
  if (page !== undefined) return show(asking, pageNode(asking, page));
  const account = instagramById(host, subject, id);
  if (account !== undefined) {
    return subject.found.grant.scopes.includes('instagram_basic')
      ? show(asking, instagramNode(host, call.pictureOrigin, account))
      : missingPermission('Requires instagram_basic permission');
  }
  if (id === host.world.user('facebook', subject.found.grant.identity)?.id && subject.page === null) {
    return show(asking, userNode(asking));
  }
  return missingObject(id);
}

/** By a Page's own token only that Page; by a person's token every Page of the grant. */
function reachableById({ host, subject }: Asking, id: string): Thing | undefined {
  const reachable = subject.page === null ? reachablePages(host, subject.found.grant) : [subject.page];
  return reachable.find((page) => page.id === id);
}

function instagramById(host: PlatformHost, subject: Subject, id: string): Thing | undefined {
  const reachable = subject.page === null ? reachablePages(host, subject.found.grant) : [subject.page];
  return reachable.map(instagramOf).find((account) => account?.id === id);
}

function me(asking: Asking): GraphNode {
  return asking.subject.page === null ? userNode(asking) : pageNode(asking, asking.subject.page);
}

function userNode(asking: Asking): GraphNode {
  const { host, subject, call } = asking;
  const user = host.world.user('facebook', subject.found.grant.identity);
  return {
    type: 'User',
    defaults: ['name', 'id'],
    fields: {
      id: () => user?.id,
      name: () => user && host.world.name(user),
      picture: () => user && picture(call.pictureOrigin, user),
      accounts: (field) => edge(asking, 'me', 'accounts', field),
      businesses: (field) => edge(asking, 'me', 'businesses', field),
    },
  };
}

function pageNode(asking: Asking, page: Thing): GraphNode {
  const { host, subject, call } = asking;
  const { scopes } = subject.found.grant;
  return {
    type: 'Page',
    defaults: ['name', 'id'],
    fields: {
      id: () => page.id,
      name: () => host.world.name(page),
      username: () => page.name.toLowerCase().replace(/ /g, '.'),
      link: () => `https://www.facebook.com/${page.id}`,
      category: () => 'Local business',
      category_list: () => [{ id: '2500', name: 'Local business' }],
      picture: () => picture(call.pictureOrigin, page),
      access_token: () => pageToken(host, subject, page),
      tasks: () => host.world.tasks(page),
      instagram_business_account: (field) => {
        const account = instagramOf(page);
        if (account === undefined || !scopes.includes('instagram_basic')) return undefined;
        return select(
          instagramNode(host, call.pictureOrigin, account),
          field.fields.length > 0 ? field.fields : (parseFields('id') ?? []),
        );
      },
      business: () =>
        portfolioPages.includes(page) ? { id: business.id, name: host.world.name(business) } : undefined,
    },
  };
}

function businessNode(asking: Asking): GraphNode {
  return {
    type: 'Business',
    defaults: ['id', 'name'],
    fields: {
      id: () => business.id,
      name: () => asking.host.world.name(business),
      owned_pages: (field) => edge(asking, business.id, 'owned_pages', field),
      client_pages: (field) => edge(asking, business.id, 'client_pages', field),
    },
  };
}

type Edge = 'accounts' | 'businesses' | 'owned_pages' | 'client_pages';

function showEdge(asking: Asking, from: string, name: Edge): Reply {
  const { call, subject } = asking;
  if (subject.page !== null) return invalidParameter(`Tried accessing nonexisting field (${name}) on node type (Page)`);
  if (name !== 'accounts' && !subject.found.grant.scopes.includes('business_management')) {
    return missingPermission('Requires business_management permission to manage the object.');
  }
  const fields = parseFields(call.input('fields'));
  if (fields === undefined) return invalidParameter('Syntax error in fields');
  const limit = call.input('limit') === '' ? null : Number(call.input('limit'));
  if (limit !== null && !(Number.isInteger(limit) && limit >= 0))
    return invalidParameter('Param limit must be non-negative');
  return asReply(edge(asking, from, name, { name, limit, fields, text: call.input('fields') }, call.input('after')));
}

/**
 * One page of an edge. A full page carries a link to the next, even when nothing is left there: Graph does the same, so
 * only a missing link means the end. The link carries the token, as Graph's does.
 */
function edge(asking: Asking, from: string, name: Edge, field: Field, after = ''): unknown {
  const { call, subject, base } = asking;
  const nodes = nodesOf(asking, name);
  const length = Math.min(field.limit === null || field.limit === 0 ? PAGE_LENGTH : field.limit, PAGE_LENGTH);
  const start = after === '' ? 0 : nodes.findIndex(({ id }) => cursorOf(id) === after) + 1;
  const page = nodes.slice(start, start + length);
  const data: Record<string, unknown>[] = [];
  for (const { node } of page) {
    const selected = select(node, field.fields.length > 0 ? field.fields : (parseFields(defaultFields[name]) ?? []));
    if (selected instanceof NonexistingField) return selected;
    data.push(selected);
  }
  const first = page.at(0);
  const last = page.at(-1);
  if (first === undefined || last === undefined) return { data };
  const next = new URL(`${call.origin}${base}/v23.0/${from}/${name}`);
  const parameters = {
    access_token: subject.token,
    fields: field.text,
    limit: String(length),
    after: cursorOf(last.id),
  };
  for (const [key, value] of Object.entries(parameters)) if (value !== '') next.searchParams.set(key, value);
  return {
    data,
    paging: {
      cursors: { before: cursorOf(first.id), after: cursorOf(last.id) },
      ...(page.length === length ? { next: next.href } : {}),
    },
  };
}

const defaultFields: Readonly<Record<Edge, string>> = {
  accounts: 'access_token,category,category_list,name,id,tasks',
  businesses: 'id,name',
  owned_pages: 'name,id',
  client_pages: 'name,id',
};

/** Without `pages_show_list` there are no Pages, and no error either. */
function nodesOf(asking: Asking, name: Edge): { id: string; node: GraphNode }[] {
  const { host, subject } = asking;
  const { grant } = subject.found;
  const reachable = grant.scopes.includes('pages_show_list') ? reachablePages(host, grant) : [];
  const asNodes = (pages: readonly Thing[]): { id: string; node: GraphNode }[] =>
    pages.map((page) => ({ id: page.id, node: pageNode(asking, page) }));
  switch (name) {
    case 'accounts':
      return asNodes(reachable.filter((page) => !portfolioPages.includes(page)));
    case 'businesses':
      return business.owner === grant.identity && grant.scopes.includes('business_management')
        ? [{ id: business.id, node: businessNode(asking) }]
        : [];
    case 'owned_pages':
      return asNodes(reachable.filter((page) => portfolioPages.includes(page)));
    case 'client_pages':
      return [];
  }
}

function permissions({ subject }: Asking): Reply {
  const { requestedScopes, scopes } = subject.found.grant;
  const data = [...new Set([...requestedScopes, ...scopes])].map((permission) => ({
    permission,
    status: scopes.includes(permission) ? 'granted' : 'declined',
  }));
  return { status: 200, body: { data } };
}

/** Posting takes the Page's own token, the permission for this Page, and the person's right on it. */
function post({ host, call, subject }: Asking): Reply {
  const id = call.params['id'] ?? '';
  if (subject.page?.id !== id) {
    return missingPermission('The permission(s) pages_manage_posts are needed, with a Page access token of this Page.');
  }
  if (!mayPostOn(subject.found.grant, subject.page) || !host.world.tasks(subject.page).includes('CREATE_CONTENT')) {
    return missingPermission(
      'If posting to a page, requires both pages_read_engagement and pages_manage_posts as an admin with sufficient administrative permission',
    );
  }
  if (call.input('message') === '' && call.input('link') === '')
    return invalidParameter('Missing message or attachment');
  return { status: 200, body: { id: `${id}_${String(randomInt(MAX_POST_NUMBER))}` } };
}

function picture(origin: string, thing: Thing): Record<string, unknown> {
  return {
    data: { height: PICTURE_PIXELS, width: PICTURE_PIXELS, is_silhouette: false, url: pictureUrl(origin, thing) },
  };
}

function cursorOf(id: string): string {
  return Buffer.from(id).toString('base64url');
}

import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import {
  Context,
  decodeCursor,
  encodeCursor,
  pageLimit,
  PageParameters,
  QueryRoute,
  Reading,
  type Membership,
  type Principal,
  type RequestContext,
} from '#http';
import { isRefusal, notFound, ReadModels, ReadStore, Refusal, streamName } from '#kernel';
import { ROLES, type Role } from '../domain/roles.js';
import { workspace } from '../domain/workspace.js';
import { workspacesReadModel, type WorkspaceRow } from './workspaces.js';

/** Somebody who belongs to more workspaces than this sees the first ones. */
const MINE_LIMIT_WORKSPACES = 1_000;

export class WorkspaceAnswer {
  @ApiProperty() readonly id!: string;
  @ApiProperty() readonly name!: string;
  @ApiProperty() readonly timezone!: string;
  @ApiProperty({ example: 'P30D' }) readonly expiringWindow!: string;
  @ApiProperty({ type: [String] }) readonly noticeSteps!: readonly string[];
  @ApiProperty({ format: 'date-time' }) readonly createdAt!: string;
  @ApiProperty() readonly revision!: number;
}

export class WorkspaceListAnswer {
  @ApiProperty({ type: [WorkspaceAnswer] }) readonly items!: readonly WorkspaceAnswer[];
  @ApiProperty({ type: String, nullable: true }) readonly nextCursor!: string | null;
}

const ACCESS_SCHEMA = {
  oneOf: [
    { type: 'string', enum: ['all'] },
    { type: 'array', items: { type: 'string' } },
  ],
};

export class MemberAnswer {
  @ApiProperty() readonly userId!: string;
  @ApiProperty({ enum: ROLES }) readonly role!: Role;
  @ApiProperty(ACCESS_SCHEMA) readonly accountAccess!: 'all' | readonly string[];
  @ApiProperty({ format: 'date-time' }) readonly addedAt!: string;
}

export class MemberListAnswer {
  @ApiProperty({ type: [MemberAnswer] }) readonly items!: readonly MemberAnswer[];
  @ApiProperty({ type: String, nullable: true }) readonly nextCursor!: string | null;
}

export class MeAnswer {
  @ApiProperty({ enum: ROLES, type: String, nullable: true }) readonly role!: string | null;
  @ApiProperty({ type: [String] }) readonly permissions!: readonly string[];
  @ApiProperty(ACCESS_SCHEMA) readonly accountAccess!: 'all' | readonly string[];
}

@Controller('v1/workspaces')
export class WorkspaceQueries {
  constructor(
    private readonly rows: ReadStore,
    private readonly readModels: ReadModels,
  ) {}

  @Get()
  @QueryRoute({
    summary: 'The workspaces that you belong to.',
    requires: 'authenticated',
    answer: WorkspaceListAnswer,
    refusals: ['read-behind'],
  })
  async mine(
    @Context() { principal, readAfter }: RequestContext,
    @Query() parameters: PageParameters,
  ): Promise<Reading<WorkspaceListAnswer> | Refusal> {
    const ready = await this.readModels.allReady(workspacesReadModel, readAfter);
    if (ready instanceof Refusal) return ready;
    const found = await Promise.all(ready.map(({ copy }) => this.#workspacesOf(copy, principal as Principal)));
    const page = toPage('workspaces', found.flat().sort(byAge).map(toAnswer), ({ id }) => id, parameters);
    return isRefusal(page) ? page : new Reading(page, ready[0]?.position ?? null);
  }

  @Get(':ws')
  @QueryRoute({
    summary: 'A workspace with its settings.',
    requires: 'authenticated',
    answer: WorkspaceAnswer,
    refusals: ['not-found', 'read-behind'],
  })
  async one(
    @Context() { readAfter }: RequestContext,
    @Param('ws') id: string,
  ): Promise<Reading<WorkspaceAnswer> | Refusal> {
    const read = await this.#read(id, readAfter);
    if (read instanceof Refusal) return read;
    return new Reading(toAnswer(read.row), read.position, read.row.revision);
  }

  @Get(':ws/members')
  @QueryRoute({
    summary: 'The members of a workspace.',
    requires: 'accounts:read',
    answer: MemberListAnswer,
    refusals: ['not-found', 'read-behind'],
  })
  async members(
    @Context() { readAfter }: RequestContext,
    @Param('ws') id: string,
    @Query() parameters: PageParameters,
  ): Promise<Reading<MemberListAnswer> | Refusal> {
    const read = await this.#read(id, readAfter);
    if (read instanceof Refusal) return read;
    const items = Object.entries(read.row.members).map(([userId, { role, access, addedAt }]) => ({
      userId,
      role,
      accountAccess: access,
      addedAt,
    }));
    const page = toPage('members', items.sort(byUser), ({ userId }) => userId, parameters);
    return isRefusal(page) ? page : new Reading(page, read.position);
  }

  @Get(':ws/me')
  @QueryRoute({
    summary: 'What you may do here.',
    requires: 'authenticated',
    answer: MeAnswer,
    refusals: ['not-found'],
  })
  me(@Context() { membership }: RequestContext): Reading<MeAnswer> {
    const { role, permissions, accountAccess } = membership as Membership;
    const access = accountAccess === 'all' ? accountAccess : [...accountAccess];
    return new Reading({ role, permissions: [...permissions], accountAccess: access }, null);
  }

  async #read(id: string, readAfter: string | null) {
    const ready = await this.readModels.ready(workspacesReadModel, id, readAfter);
    if (ready instanceof Refusal) return ready;
    const key = streamName(workspace, id);
    const row = (await this.rows.load(ready.copy, [key])).get(key);
    return row ? { row: row.body as unknown as WorkspaceRow, position: ready.position } : notFound('workspace');
  }

  async #workspacesOf(copy: Parameters<ReadStore['load']>[0], principal: Principal): Promise<readonly WorkspaceRow[]> {
    const limit = MINE_LIMIT_WORKSPACES;
    const keys =
      principal.kind === 'service'
        ? (principal.workspaces ?? []).slice(0, limit).map((id) => streamName(workspace, id))
        : await this.rows.findKeysByTerm(copy, {
            field: 'member',
            scope: '',
            prefix: principal.id,
            exact: true,
            limit,
          });
    const rows = await this.rows.load(copy, keys);
    const opened = [...rows.values()].map((row) => row.body as unknown as WorkspaceRow);
    return opened.filter((row) => principal.workspaces === null || principal.workspaces.includes(row.id));
  }
}

const byAge = (a: WorkspaceRow, b: WorkspaceRow): number => (a.id < b.id ? -1 : 1);
const byUser = (a: MemberAnswer, b: MemberAnswer): number => (a.userId < b.userId ? -1 : 1);

/** A page of a list that is wholly in memory, in the order of its ids. */
function toPage<Item>(
  list: string,
  items: readonly Item[],
  idOf: (item: Item) => string,
  parameters: PageParameters,
): { readonly items: readonly Item[]; readonly nextCursor: string | null } | Refusal {
  const place = decodeCursor(list, 1, parameters);
  if (isRefusal(place)) return place;
  const behind = place ? items.filter((item) => idOf(item) > (place[0] ?? '')) : items;
  const page = behind.slice(0, pageLimit(parameters));
  const last = page.at(-1);
  return { items: page, nextCursor: last && behind.length > page.length ? encodeCursor(list, [idOf(last)]) : null };
}

const toAnswer = ({
  id,
  name,
  timezone,
  expiringWindow,
  noticeSteps,
  createdAt,
  revision,
}: WorkspaceRow): WorkspaceAnswer => ({
  id,
  name,
  timezone,
  expiringWindow,
  noticeSteps,
  createdAt,
  revision,
});

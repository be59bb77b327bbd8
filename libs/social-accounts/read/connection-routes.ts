import { Controller, Get, Param } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Context, QueryRoute, Reading, type Membership, type RequestContext } from '#http';
import { isRefusal, notFound, ReadModels, ReadStore, Refusal, streamName } from '#kernel';
import { connection, FAILURE_CODES, type FailureCode } from '../domain/connection.js';
import { offered, type JudgedCandidate } from '../domain/consent.js';
import { ACCOUNT_TYPES, METHODS, PLATFORMS } from '../platform.js';
import { Attempts } from '../write/attempts.js';
import { Candidates } from '../write/candidates.js';
import { connectionsReadModel, type ConnectionRow } from './connections.js';

export class CandidateAnswer {
  @ApiProperty() readonly candidateId!: string;
  @ApiProperty() readonly name!: string;
  @ApiProperty({ type: String, nullable: true }) readonly handle!: string | null;
  @ApiProperty({ enum: ACCOUNT_TYPES }) readonly type!: string;
  @ApiProperty({ type: String, nullable: true }) readonly pictureUrl!: string | null;
  @ApiProperty() readonly selectable!: boolean;
  @ApiPropertyOptional({ enum: ['missing-permission', 'not-allowed-to-post', 'not-supported', 'no-access'] })
  readonly reason?: string;
  @ApiPropertyOptional({ description: 'The account that it already is.' }) readonly accountId?: string;
}

export class FailureAnswer {
  @ApiProperty({ enum: FAILURE_CODES }) readonly code!: string;
  @ApiProperty() readonly detail!: string;
}

export class ConnectionAnswer {
  @ApiProperty() readonly id!: string;
  @ApiProperty({ enum: ['started', 'authorized', 'selected', 'completed', 'failed', 'lapsed'] })
  readonly status!: string;
  @ApiProperty({ enum: PLATFORMS }) readonly platform!: string;
  @ApiProperty({ enum: METHODS }) readonly method!: string;
  @ApiProperty({ enum: ['connect', 'reconnect'] }) readonly purpose!: string;
  @ApiPropertyOptional({ type: [CandidateAnswer], description: 'While authorized, for whoever began it.' })
  readonly candidates?: readonly CandidateAnswer[];
  @ApiProperty({ type: [String] }) readonly accountIds!: readonly string[];
  @ApiPropertyOptional({ type: FailureAnswer }) readonly failure?: FailureAnswer;
}

/** What people are told when an attempt has failed; the codes are for programs. */
const FAILURES: Readonly<Record<FailureCode, string>> = {
  denied: 'The consent was refused at the platform. Start again and allow access.',
  'platform-unavailable': 'The platform did not answer. Try again in a while.',
  'platform-error':
    'The platform answered in a way that makes no sense here. Try again; if it stays so, tell the operator.',
  'missing-permissions':
    'A permission that the account cannot work without was not granted. Start again and leave every box ticked.',
  'nothing-to-connect': 'This login reaches no account that can be connected here.',
  'different-identity':
    'The consent came from another person than the account belongs to. Sign in at the platform as the right one.',
  'account-not-offered': 'The login no longer reaches this account. Somebody who manages it has to reconnect it.',
  'account-removed': 'The account was removed from the workspace meanwhile.',
  'permission-denied': 'Whoever began this may not connect accounts here any more.',
};

@Controller('v1/workspaces/:ws/connections')
export class ConnectionQueries {
  constructor(
    private readonly rows: ReadStore,
    private readonly readModels: ReadModels,
    private readonly attempts: Attempts,
    private readonly candidates: Candidates,
  ) {}

  @Get(':con')
  @QueryRoute({
    summary: 'How an attempt to connect stands, and what can be selected.',
    requires: 'accounts:connect',
    answer: ConnectionAnswer,
    refusals: ['not-found', 'read-behind'],
  })
  async one(
    @Context() { principal, membership, readAfter }: RequestContext,
    @Param('ws') workspaceId: string,
    @Param('con') id: string,
  ): Promise<Reading<ConnectionAnswer> | Refusal> {
    const ready = await this.readModels.ready(connectionsReadModel, workspaceId, readAfter);
    if (isRefusal(ready)) return ready;
    const key = streamName(connection, id);
    const row = (await this.rows.load(ready.copy, [key])).get(key)?.body as ConnectionRow | undefined;
    if (row?.workspaceId !== workspaceId) return notFound('connection');
    const { status, platform, method, purpose, revision } = row;
    const { accountAccess } = membership as Membership;
    const accountIds = row.accountIds.filter((account) => accountAccess === 'all' || accountAccess.has(account));
    const isStarter = row.startedBy.type === principal?.kind && row.startedBy.id === principal.id;
    const candidates = status === 'authorized' && isStarter ? await this.#candidates(row, accountAccess) : undefined;
    const answer = {
      id,
      status,
      platform,
      method,
      purpose,
      ...(candidates ? { candidates } : {}),
      accountIds,
      ...(row.failure === null ? {} : { failure: { code: row.failure, detail: FAILURES[row.failure as FailureCode] } }),
    };
    return new Reading(answer, ready.position, revision);
  }

  async #candidates(
    row: ConnectionRow,
    reach: Membership['accountAccess'],
  ): Promise<readonly CandidateAnswer[] | undefined> {
    const attempt = await this.attempts.read(row.id);
    if (!attempt) return undefined;
    const judged = await this.candidates.judge(row.workspaceId, row.login, attempt, reach);
    const { platform, method, accountType } = row;
    return offered({ platform, method, accountType, reconnect: null }, judged).map(toAnswer);
  }
}

const toAnswer = ({ candidateId, candidate, reason, accountId }: JudgedCandidate): CandidateAnswer => ({
  candidateId,
  name: candidate.name,
  handle: candidate.handle,
  type: candidate.type,
  pictureUrl: candidate.pictureUrl,
  selectable: reason === null,
  ...(reason === null ? {} : { reason }),
  ...(accountId === null ? {} : { accountId }),
});

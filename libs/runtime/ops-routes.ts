import { Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import {
  CommandRoute,
  decodeCursor,
  encodeCursor,
  pageLimit,
  PageParameters,
  QueryRoute,
  Reading,
  type AnswerShape,
} from '#http';
import { notFound, Refusal } from '#kernel';
import { Projections, type Parked, type Projection } from './projections.js';

const OPS = { scope: 'ops' } as const;

export class ProjectionAnswer implements Projection {
  @ApiProperty() readonly name!: string;
  @ApiProperty() readonly version!: number;
  @ApiProperty({ type: String, nullable: true }) readonly position!: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly head!: string | null;
  @ApiProperty({ type: 'integer', description: 'Events that are not in its rows yet; 1,000 is as many or more.' })
  readonly lag!: number;
  @ApiProperty({ description: 'Domain time since the oldest of them was written.' }) readonly lagSeconds!: number;
  @ApiProperty({ enum: ['live', 'catching-up', 'rebuilding'] }) readonly state!: Projection['state'];
}

export class RebuildAnswer {
  @ApiProperty({ description: 'The name of the read model.' }) readonly id!: string;
  @ApiProperty({ type: 'integer', description: 'The generation that fills, and takes over when it has caught up.' })
  readonly revision!: number;
  @ApiProperty({ type: String, nullable: true, description: 'The head of the log at this moment.' })
  readonly position!: string | null;
}

export class ParkedAnswer implements Parked {
  @ApiProperty() readonly id!: string;
  @ApiProperty({ enum: ['stream', 'todo'] }) readonly kind!: Parked['kind'];
  @ApiProperty() readonly projection!: string;
  @ApiProperty() readonly version!: number;
  @ApiProperty() readonly stream!: string;
  @ApiProperty({ type: String, nullable: true }) readonly eventId!: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly eventType!: string | null;
  @ApiProperty({ type: 'integer' }) readonly tries!: number;
  @ApiProperty({ type: String, nullable: true, format: 'date-time' }) readonly nextTryAt!: string | null;
  @ApiProperty({ description: 'The kind of the fault.' }) readonly reason!: string;
}

export class ParkedListAnswer {
  @ApiProperty({ type: [ParkedAnswer] }) readonly items!: readonly ParkedAnswer[];
  @ApiProperty({ type: String, nullable: true }) readonly nextCursor!: string | null;
}

export class ParkedIdAnswer {
  @ApiProperty() readonly id!: string;
}

const PARKED_ANSWER: AnswerShape = ParkedIdAnswer;

/** For operators: how far read models and automations are, rebuilding them, and what waits for a decision. */
@Controller('v1/ops')
export class OpsRoutes {
  constructor(private readonly projections: Projections) {}

  @Get('projections')
  @QueryRoute({ summary: 'How far each read model and automation is.', requires: OPS, answer: [ProjectionAnswer] })
  async list(): Promise<Reading<readonly ProjectionAnswer[]>> {
    const found = await this.projections.list();
    return new Reading(found, found[0]?.head ?? null);
  }

  @Post('projections/:projection/rebuild')
  @CommandRoute({
    summary: 'Make a read model or automation anew from the log, beside the one that is there, which it then replaces.',
    requires: OPS,
    status: 202,
    answer: RebuildAnswer,
    refusals: ['not-found', 'unavailable'],
  })
  async rebuild(@Param('projection') name: string): Promise<RebuildAnswer | Refusal> {
    const begun = await this.projections.rebuild(name);
    return begun ? { id: name, revision: begun.generation, position: begun.head } : notFound('projection');
  }

  @Get('parked')
  @QueryRoute({ summary: 'What could not be worked, and waits.', requires: OPS, answer: ParkedListAnswer })
  async parked(@Query() parameters: PageParameters): Promise<Reading<ParkedListAnswer> | Refusal> {
    const place = decodeCursor('parked', 1, parameters);
    if (place instanceof Refusal) return place;
    const behind = place?.[0] ?? '';
    const found = (await this.projections.parked()).filter(({ id }) => id > behind);
    const items = found.slice(0, pageLimit(parameters));
    const last = items.at(-1);
    const nextCursor = last && found.length > items.length ? encodeCursor('parked', [last.id]) : null;
    return new Reading({ items, nextCursor }, null);
  }

  @Post('parked/:parked/retry')
  @CommandRoute({
    summary: 'Try what is parked again at once.',
    requires: OPS,
    answer: PARKED_ANSWER,
    refusals: ['not-found', 'unavailable'],
  })
  async retry(@Param('parked') id: string): Promise<ParkedIdAnswer | Refusal> {
    return (await this.projections.retry(id)) ? { id } : notFound('parked work');
  }

  @Post('parked/:parked/skip')
  @CommandRoute({
    summary: 'Pass over the event that parks a stream, for good, and go on behind it.',
    requires: OPS,
    answer: PARKED_ANSWER,
    refusals: ['not-found', 'validation-failed', 'unavailable'],
  })
  async skip(@Param('parked') id: string): Promise<ParkedIdAnswer | Refusal> {
    const outcome = await this.projections.skip(id);
    if (outcome === 'skipped') return { id };
    if (outcome === 'not-parked') return notFound('parked work');
    return new Refusal('validation-failed', 'A to-do cannot be skipped: what it stands for has to be done.', {
      errors: [{ path: 'id', code: 'not-skippable', message: 'must name a parked stream' }],
    });
  }
}

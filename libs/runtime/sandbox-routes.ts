import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsISO8601, IsString, Length, Matches } from 'class-validator';
import { Temporal } from 'temporal-polyfill';
import { CommandRoute, MayBeAbsent, QueryRoute, Reading } from '#http';
import { Clock, ReadStore, Refusal } from '#kernel';
import { ClockMoves, MOVE_LIMIT_MS } from './clock-moves.js';
import { Rest } from './rest.js';
import { SandboxControls } from './sandbox-controls.js';

export class SessionBody {
  @ApiProperty({ minLength: 1, maxLength: 200 })
  @IsString()
  @Length(1, 200)
  @Matches(/^[^\p{Cc}]*$/u)
  readonly userId!: string;

  @ApiPropertyOptional({ maxLength: 200 })
  @MayBeAbsent()
  @IsString()
  @Length(1, 200)
  readonly name?: string;

  @ApiPropertyOptional({ description: 'Scopes separated by spaces: with one of ours it is a service.', maxLength: 500 })
  @MayBeAbsent()
  @IsString()
  @Length(0, 500)
  readonly scope?: string;

  @ApiPropertyOptional({ type: [String], description: 'The only workspaces that the session opens.', maxItems: 100 })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(100)
  @IsString({ each: true })
  readonly workspaces?: string[];
}

export class SessionAnswer {
  @ApiProperty() readonly token!: string;
}

export class ClockBody {
  @ApiPropertyOptional({ description: 'An ISO 8601 duration to go forward by.', example: 'P31D', maxLength: 50 })
  @MayBeAbsent()
  @IsString()
  @Length(2, 50)
  readonly advance?: string;

  @ApiPropertyOptional({ description: 'An instant to go forward to.', format: 'date-time' })
  @MayBeAbsent()
  @IsISO8601({ strict: true })
  readonly to?: string;
}

export class ClockAnswer {
  @ApiProperty({ format: 'date-time' }) readonly now!: string;
}

/** Sessions and time for trying out: there only in the sandbox. */
@Controller('v1/sandbox')
export class SandboxRoutes {
  readonly #moves: ClockMoves;

  constructor(
    private readonly sandbox: SandboxControls,
    rest: Rest,
    rows: ReadStore,
    clock: Clock,
  ) {
    this.#moves = new ClockMoves({ sandbox, rest, rows, clock });
  }

  @Post('session')
  @CommandRoute({
    summary: 'A session for anybody who asks.',
    requires: 'public',
    sandboxOnly: true,
    answer: SessionAnswer,
    refusals: ['validation-failed'],
  })
  async session(@Body() body: SessionBody): Promise<SessionAnswer> {
    return { token: await this.sandbox.issueSession(body) };
  }

  @Get('clock')
  @QueryRoute({ summary: 'What time it is.', requires: 'public', sandboxOnly: true, answer: ClockAnswer })
  async clock(): Promise<Reading<ClockAnswer>> {
    return new Reading({ now: (await this.sandbox.now()).toISOString() }, null);
  }

  @Get('jwks.json')
  @QueryRoute({
    summary: 'The keys that sessions are signed with.',
    requires: 'public',
    sandboxOnly: true,
    answer: null,
  })
  async keySet(): Promise<Reading<object>> {
    return new Reading(await this.sandbox.keySet(), null);
  }

  @Post('clock')
  @CommandRoute({
    summary: 'Move the time forward, from due time to due time, as if it had really passed.',
    requires: 'public',
    sandboxOnly: true,
    answer: ClockAnswer,
    refusals: ['validation-failed', 'unavailable'],
    timeLimitMs: MOVE_LIMIT_MS,
  })
  async moveClock(@Body() body: ClockBody): Promise<ClockAnswer | Refusal> {
    const target = targetOf(body, await this.sandbox.now());
    if (target instanceof Refusal) return target;
    const now = await this.#moves.moveTo(target);
    return now === null ? stuck() : { now: now.toISOString() };
  }
}

function targetOf({ advance, to }: ClockBody, now: Date): Date | Refusal {
  if ((advance === undefined) === (to === undefined)) return invalid('advance', 'one of advance and to must be given');
  const target = to === undefined ? later(now, advance ?? '') : new Date(to);
  if (target === null || Number.isNaN(target.getTime()))
    return invalid('advance', 'advance must be an ISO 8601 duration such as P31D');
  if (target < now) return invalid(to === undefined ? 'advance' : 'to', 'the clock goes forward only');
  if (target.getUTCFullYear() > 2_500)
    return invalid(to === undefined ? 'advance' : 'to', 'the clock goes to the year 2500 at most');
  return target;
}

function later(now: Date, duration: string): Date | null {
  try {
    const start = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO('UTC');
    return new Date(start.add(Temporal.Duration.from(duration)).epochMilliseconds);
  } catch {
    return null;
  }
}

const invalid = (path: string, message: string): Refusal =>
  new Refusal('validation-failed', 'A field does not hold what it may.', {
    errors: [{ path, code: 'invalid', message }],
  });

const stuck = (): Refusal =>
  new Refusal(
    'unavailable',
    'Something does not come to rest. The clock stands at the step it reached; the same call goes on from there.',
    {
      retryAfterSeconds: 5,
    },
  );

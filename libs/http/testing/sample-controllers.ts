import { Readable } from 'node:stream';
import { Body, Controller, Delete, Get, Injectable, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { Refusal } from '#kernel';
import { Answered, CommandRoute, Context, InternalRoute, QueryRoute, Reading, type RequestContext } from '../index.js';

class Reminder {
  @ApiProperty({ minimum: 1 })
  @IsInt()
  @Min(1)
  days!: number;
}

export class NewNote {
  @ApiProperty({ minLength: 1, maxLength: 100 })
  @IsString()
  @Length(1, 100)
  text!: string;

  @ApiProperty({ type: [String], required: false })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(3)
  @IsString({ each: true })
  tags?: string[];

  @ApiProperty({ type: Reminder, required: false })
  @IsOptional()
  @ValidateNested()
  @Type(() => Reminder)
  reminder?: Reminder;
}

class NotesQuery {
  @ApiProperty({ required: false, minimum: 1, maximum: 200, default: 50 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit?: number;

  @ApiProperty({ required: false, enum: ['name', '-connectedAt'] })
  @IsOptional()
  @IsIn(['name', '-connectedAt'])
  sort?: string;
}

class CallbackQuery {
  @ApiProperty({ required: false })
  @IsOptional()
  @IsString()
  state?: string;
}

class Changed {
  @ApiProperty()
  id!: string;
  @ApiProperty()
  revision!: number;
  @ApiProperty()
  position!: string;
}

class Note {
  @ApiProperty()
  id!: string;
  @ApiProperty({ type: String, nullable: true })
  text!: string | null;
}

type Work = (context: RequestContext, body?: unknown) => Promise<unknown>;

/** What the sample's handlers do, which a test may set; and what they were called with. */
@Injectable()
export class Sample {
  readonly calls: { readonly context: RequestContext; readonly body: unknown }[] = [];
  work: Work = (context) => Promise.resolve({ id: context.command?.commandId ?? '', revision: 3, position: '42' });

  run(context: RequestContext, body?: unknown): Promise<unknown> {
    this.calls.push({ context: { ...context }, body });
    return this.work(context, body);
  }
}

@Controller('v1/workspaces/:ws/notes')
export class NotesController {
  constructor(private readonly sample: Sample) {}

  @Post()
  @CommandRoute({
    summary: 'Writes a note',
    requires: 'posts:draft',
    status: 201,
    answer: Changed,
    refusals: ['queue-full', 'not-found', 'link-locked', 'wrong-password'],
  })
  create(@Context() context: RequestContext, @Body() body: NewNote): Promise<unknown> {
    return this.sample.run(context, body);
  }

  @Get()
  @QueryRoute({ summary: 'All notes', requires: 'accounts:read', answer: [Note] })
  list(@Context() context: RequestContext, @Query() query: NotesQuery): Reading<unknown> {
    return new Reading([{ id: String(query.limit ?? 50), text: context.readAfter }], '41');
  }

  @Get(':acc')
  @QueryRoute({ summary: 'A note', requires: 'accounts:read', answer: Note })
  read(@Param('acc') id: string): Reading<Note> {
    return new Reading({ id, text: null }, '41', 7);
  }

  @Patch(':acc')
  @CommandRoute({ summary: 'Changes a note', requires: 'accounts:update', answer: Changed, refusals: [] })
  async change(@Context() context: RequestContext, @Body() body: NewNote): Promise<unknown> {
    if (context.command?.ifMatch !== undefined && context.command.ifMatch !== 3)
      return new Refusal('revision-conflict', 'It has moved on.', { precondition: true });
    return this.sample.run(context, body);
  }

  @Post(':acc/publish')
  @CommandRoute({ summary: 'Publishes a note', requires: 'posts:publish', status: 202, answer: Changed, refusals: [] })
  publish(@Context() context: RequestContext): Promise<unknown> {
    return this.sample.run(context);
  }

  @Delete(':acc')
  @CommandRoute({
    summary: 'Removes a note, slowly',
    requires: { permission: 'accounts:remove', orScope: 'devices:write' },
    answer: Changed,
    refusals: [],
    timeLimitMs: 300,
  })
  remove(@Context() context: RequestContext): Promise<unknown> {
    return this.sample.run(context);
  }
}

@Controller('v1')
export class OtherController {
  constructor(private readonly sample: Sample) {}

  @Get('me')
  @QueryRoute({ summary: 'Who calls', requires: 'authenticated', answer: Note })
  me(@Context() context: RequestContext): Reading<unknown> {
    return new Reading({ id: context.principal?.id, text: context.principal?.name ?? null }, null);
  }

  @Post('workspaces')
  @CommandRoute({ summary: 'Founds a workspace', requires: 'user', status: 201, answer: Changed, refusals: [] })
  found(@Context() context: RequestContext): Promise<unknown> {
    return this.sample.run(context);
  }

  @Get('ops/state')
  @QueryRoute({ summary: 'For operators', requires: { scope: 'ops' }, answer: Note })
  state(): Reading<Note> {
    return new Reading({ id: 'ops', text: null }, null);
  }

  @Post('internal/accounts/:acc/access-token')
  @CommandRoute({
    summary: 'Hands out a token',
    requires: { scope: 'tokens:issue' },
    answer: Changed,
    refusals: [],
    idempotency: false,
  })
  token(@Context() context: RequestContext): Promise<unknown> {
    return this.sample.run(context);
  }

  @Post('visits')
  @CommandRoute({ summary: 'Anybody', requires: 'public', answer: Changed, refusals: ['link-disabled'] })
  visit(@Context() context: RequestContext, @Body() body: NewNote): Promise<unknown> {
    return this.sample.run(context, body);
  }

  @Get('oauth/:platform/callback')
  @QueryRoute({
    summary: 'Sends back',
    requires: 'public',
    status: 302,
    answer: null,
    refusals: ['state-invalid'],
    ignoresUnknownParameters: true,
  })
  callback(@Param('platform') platform: string, @Query() query: CallbackQuery): Answered<null> {
    return new Answered(null, {
      headers: { Location: `/done/${platform}/${Object.keys(query).join()}`, Position: '9' },
      setCookies: ['a=1', 'b=2'],
    });
  }

  @Get('export')
  @QueryRoute({ summary: 'Lines', requires: 'authenticated', answer: null, produces: 'application/x-ndjson' })
  export(): Answered<Readable> {
    return new Answered(Readable.from(['{"a":1}\n', '{"a":2}\n']), {
      headers: { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'private' },
    });
  }

  @Get('sandbox/clock')
  @QueryRoute({ summary: 'In the sandbox', requires: 'public', answer: Note, sandboxOnly: true })
  clock(): Reading<Note> {
    return new Reading({ id: 'clock', text: null }, null);
  }

  @Get('ready')
  @InternalRoute()
  ready(): string {
    return 'ready';
  }
}

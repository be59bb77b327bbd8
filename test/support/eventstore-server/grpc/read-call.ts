import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { IStreamsServer } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { DEFAULT_SEARCH_WINDOW, type EventFilter } from '../reading/event-filter.js';
import { type Direction, readableRange, readAll, readStream } from '../reading/read-log.js';
import type { LogIndex } from '../storage/log-index.js';
import type { StoredEvent } from '../storage/record-format.js';
import { AllFeed, type Feed, StreamFeed } from '../subscriptions/feeds.js';
import { CallWriter } from './call-writer.js';
import { eventMessage, streamNotFoundMessage } from './event-messages.js';
import { messages } from './protocol.js';
import { type CallRefusal, invalidArgument, invalidPosition, streamDeleted } from './refusals.js';
import { refusedAtTheDoor, type ServerContext } from './server-context.js';

type Options = ReadReq.Options;

/** Serves reads and subscriptions, of streams and of $all. */
export function readCall(context: ServerContext): IStreamsServer['read'] {
  return (call) => {
    const writer = new CallWriter<ReadResp>(call, context.stopping);
    const options = call.request.getOptions() ?? new messages.ReadReq.Options();
    void serve(context, options, writer);
  };
}

async function serve(context: ServerContext, options: Options, writer: CallWriter<ReadResp>): Promise<void> {
  await context.faults.beforeAnswer();
  if (writer.closed) return;
  const refusal = refusedAtTheDoor(context) ?? (await begin(context, options, writer));
  if (refusal !== undefined) writer.fail(refusal);
}

/** Resolves when everything was sent, or with the reason why nothing can be. */
async function begin(
  context: ServerContext,
  options: Options,
  writer: CallWriter<ReadResp>,
): Promise<CallRefusal | undefined> {
  if (options.hasSubscription()) {
    const feed = options.hasAll() ? allFeed(context, options) : streamFeed(context, options);
    if ('code' in feed) return feed;
    await context.subscriptions.serve(feed, writer);
    return undefined;
  }
  const pages = options.hasAll() ? pagesOfAll(context, options) : pagesOfStream(context, options);
  if ('code' in pages) return pages;
  if (pages === NOT_FOUND) await writer.write(streamNotFoundMessage(streamName(options)));
  else await send(context, pages, writer);
  writer.end();
  return undefined;
}

async function send(
  { faults }: ServerContext,
  pages: Iterable<readonly StoredEvent[]>,
  writer: CallWriter<ReadResp>,
): Promise<void> {
  for (const page of pages) {
    for (const event of page) await writer.write(eventMessage(event));
    await faults.pause();
    if (writer.closed) return;
  }
}

const NOT_FOUND: Iterable<readonly StoredEvent[]> = [];

function pagesOfStream({ log }: ServerContext, options: Options): Iterable<readonly StoredEvent[]> | CallRefusal {
  const stream = log.index.stream(streamName(options));
  if (stream.tombstoned) return streamDeleted(stream.name);
  const range = readableRange(log, stream, Date.now());
  if (range.end === 0 || stream.metadata.softDeleted) return NOT_FOUND;
  const direction = directionOf(options);
  const from = options.getStream();
  const ends = direction === 'forwards' ? { start: 0, end: range.end } : { start: 0, end: range.end - 1 };
  const revision = from?.hasRevision() ? Number(from.getRevision()) : from?.hasEnd() ? ends.end : ends.start;
  return readStream(log, stream, range, revision, direction, Number(options.getCount()));
}

function pagesOfAll({ log }: ServerContext, options: Options): Iterable<readonly StoredEvent[]> | CallRefusal {
  const from = options.getAll();
  const { index } = log;
  let ordinal = from?.hasEnd() ? index.committed : 0;
  const position = from?.getPosition();
  if (position !== undefined) {
    if (!isRecord(index, position)) return invalidPosition();
    ordinal = index.firstFrom(Number(position.getCommitPosition()));
  }
  return readAll(log, ordinal, directionOf(options), Number(options.getCount()));
}

function streamFeed({ log }: ServerContext, options: Options): Feed | CallRefusal {
  const stream = log.index.stream(streamName(options));
  if (stream.tombstoned) return streamDeleted(stream.name);
  const from = options.getStream();
  if (from?.hasRevision()) return new StreamFeed(log, stream, Number(from.getRevision()) + 1);
  return new StreamFeed(log, stream, from?.hasEnd() ? readableRange(log, stream, Date.now()).end : 0);
}

function allFeed({ log }: ServerContext, options: Options): Feed | CallRefusal {
  const from = options.getAll();
  const { index } = log;
  let ordinal = from?.hasEnd() ? index.committed : 0;
  const position = from?.getPosition();
  if (position !== undefined) {
    if (!isRecord(index, position)) return invalidPosition();
    // Exclusive: what stands at the position was seen.
    ordinal = index.firstFrom(Number(position.getCommitPosition()) + 1);
  }
  try {
    return new AllFeed(log, ordinal, filterOf(options));
  } catch {
    return invalidArgument('The regular expression of the filter cannot be read.');
  }
}

/**
 * A position inside the log that is no record is an error; 0 is the beginning. One behind the end is none, and nothing
 * that is there already will be found: a store that was restored from a backup looks so to its readers.
 */
function isRecord(index: LogIndex, position: ReadReq.Options.Position): boolean {
  const commit = Number(position.getCommitPosition());
  if (commit === 0) return true;
  const ordinal = index.firstFrom(commit);
  if (ordinal === index.committed) return true;
  return index.positionAt(ordinal) === commit && position.getPreparePosition() === position.getCommitPosition();
}

function filterOf(options: Options): EventFilter | undefined {
  const filter = options.getFilter();
  if (filter === undefined) return undefined;
  const byStream = filter.getStreamIdentifier();
  const expression = byStream ?? filter.getEventType();
  const window = filter.hasMax() ? filter.getMax() : DEFAULT_SEARCH_WINDOW;
  return {
    on: byStream === undefined ? 'event-type' : 'stream-name',
    prefixes: expression?.getPrefixList() ?? [],
    regex: expression?.getRegex() ?? '',
    checkpointEvery: window * Math.max(filter.getCheckpointintervalmultiplier(), 1),
  };
}

function directionOf(options: Options): Direction {
  return options.getReadDirection() === messages.ReadReq.Options.ReadDirection.FORWARDS ? 'forwards' : 'backwards';
}

function streamName(options: Options): string {
  const name = options.getStream()?.getStreamIdentifier()?.getStreamName_asU8() ?? new Uint8Array();
  return Buffer.from(name).toString('utf8');
}

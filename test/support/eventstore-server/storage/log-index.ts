import { type StoredEvent, TOMBSTONE_REVISION } from './record-format.js';
import { METADATA_OF_METADATA, NO_METADATA, parseStreamMetadata, type StreamMetadata } from './stream-metadata.js';

/**
 * How many of the last event ids are remembered across streams. A real server keeps a bounded cache too: recognising an
 * event that is appended again with "any" is best effort.
 */
const RECENT_IDS = 200_000;

/** Where one stream's events stand. */
export class StreamIndex {
  /** Ordinal in the log of each revision: `ordinals[revision]`. */
  readonly ordinals: number[] = [];
  metadata: StreamMetadata;
  tombstoned = false;

  constructor(readonly name: string) {
    this.metadata = isMetadataStream(name) ? METADATA_OF_METADATA : NO_METADATA;
  }

  /** -1 for a stream without events. */
  get lastRevision(): number {
    return this.ordinals.length - 1;
  }
}

/** Where everything stands. Ordinals count the records of the log from 0, in order; they are never seen outside. */
export class LogIndex {
  private readonly positions: number[] = [];
  private readonly lengths: number[] = [];
  private readonly streamOf: StreamIndex[] = [];
  private readonly typeOf: string[] = [];
  private readonly typeNames = new Map<string, string>();
  private readonly streams = new Map<string, StreamIndex>();
  private readonly recentIds = new Map<string, { stream: StreamIndex; revision: number }>();
  private durable = 0;

  /** Ordinals below this are durable and may be read. */
  get committed(): number {
    return this.durable;
  }

  /** Makes everything added so far readable. */
  commit(): void {
    this.durable = this.positions.length;
  }

  stream(name: string): StreamIndex {
    let stream = this.streams.get(name);
    if (stream === undefined) {
      stream = new StreamIndex(name);
      this.streams.set(name, stream);
    }
    return stream;
  }

  /** The stream whose `$metadata` this one holds, if it is a metadata stream. */
  describedBy(stream: StreamIndex): StreamIndex | undefined {
    return isMetadataStream(stream.name) ? this.stream(stream.name.slice(METADATA_PREFIX.length)) : undefined;
  }

  metadataStreamOf(stream: StreamIndex): StreamIndex {
    return this.stream(METADATA_PREFIX + stream.name);
  }

  add(event: StoredEvent, length: number): void {
    const stream = this.stream(event.stream);
    const ordinal = this.positions.length;
    this.positions.push(event.position);
    this.lengths.push(length);
    this.streamOf.push(stream);
    this.typeOf.push(this.typeName(event.type));
    if (event.revision === TOMBSTONE_REVISION) {
      stream.tombstoned = true;
      return;
    }
    stream.ordinals.push(ordinal);
    const described = this.describedBy(stream);
    if (described !== undefined) described.metadata = parseStreamMetadata(event.data);
    this.rememberId(event.id, stream, event.revision);
  }

  positionAt(ordinal: number): number {
    return at(this.positions, ordinal);
  }

  lengthAt(ordinal: number): number {
    return at(this.lengths, ordinal);
  }

  streamAt(ordinal: number): StreamIndex {
    return at(this.streamOf, ordinal);
  }

  typeAt(ordinal: number): string {
    return at(this.typeOf, ordinal);
  }

  /** The first committed ordinal whose position is not below; {@link committed} when there is none. */
  firstFrom(position: number): number {
    let low = 0;
    let high = this.durable;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (at(this.positions, middle) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The revision at which this id was written last to the stream, as far as is remembered. */
  revisionOfId(stream: StreamIndex, id: string): number | undefined {
    const found = this.recentIds.get(id);
    return found?.stream === stream ? found.revision : undefined;
  }

  private rememberId(id: string, stream: StreamIndex, revision: number): void {
    this.recentIds.delete(id);
    this.recentIds.set(id, { stream, revision });
    if (this.recentIds.size <= RECENT_IDS) return;
    const oldest = this.recentIds.keys().next();
    if (!oldest.done) this.recentIds.delete(oldest.value);
  }

  /** One string per type, however many events there are. */
  private typeName(type: string): string {
    const known = this.typeNames.get(type);
    if (known !== undefined) return known;
    this.typeNames.set(type, type);
    return type;
  }
}

const METADATA_PREFIX = '$$';

function isMetadataStream(name: string): boolean {
  return name.startsWith(METADATA_PREFIX);
}

function at<T>(values: readonly T[], ordinal: number): T {
  const value = values[ordinal];
  if (value === undefined) throw new Error(`There is no record ${ordinal}.`);
  return value;
}

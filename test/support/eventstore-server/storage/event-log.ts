import { join } from 'node:path';
import { LogFile } from './log-file.js';
import { LogIndex } from './log-index.js';
import { decodeRecord, encodeFrame, type NewEvent, splitRecords, type StoredEvent } from './record-format.js';

const LOG_FILE = 'events.log';
/** Records that stand side by side are read together, up to so many bytes. */
const READ_SPAN_BYTES = 256 * 1024;

/** The durable log with its index in memory: one writer, any number of readers, all in one process. */
export class EventLog {
  private constructor(
    private readonly file: LogFile,
    readonly index: LogIndex,
  ) {}

  /** Opens the log of a folder, which is created when it is missing, and builds the index from it. */
  static open(directory: string): EventLog {
    const index = new LogIndex();
    const file = LogFile.open(join(directory, LOG_FILE), (frame) => {
      for (const { position, bytes } of splitRecords(frame.payload, frame.payloadPosition)) {
        index.add(decodeRecord(position, bytes), bytes.length);
      }
    });
    index.commit();
    return new EventLog(file, index);
  }

  /** Writes events as one atomic append. They can be read once {@link commit} has resolved. Answers the last one's position. */
  write(events: readonly NewEvent[]): number {
    const frame = encodeFrame(this.file.end, events);
    this.file.append(frame.bytes);
    let last = 0;
    events.forEach((event, number) => {
      const place = frame.records[number];
      if (place === undefined) throw new Error('A record has no place.');
      this.index.add({ ...event, position: place.position }, place.length);
      last = place.position;
    });
    return last;
  }

  /** Makes everything written so far durable, and then readable. A failure here must end the process: the index is ahead. */
  async commit(): Promise<void> {
    const { index } = this;
    await this.file.sync();
    index.commit();
  }

  readOne(ordinal: number): StoredEvent {
    const position = this.index.positionAt(ordinal);
    return decodeRecord(position, this.file.read(position, this.index.lengthAt(ordinal)));
  }

  /** Reads records given in ascending order; neighbours share one read of the file. */
  readMany(ordinals: readonly number[]): StoredEvent[] {
    const { index } = this;
    const events: StoredEvent[] = [];
    for (let first = 0; first < ordinals.length;) {
      const start = index.positionAt(at(ordinals, first));
      let last = first;
      while (
        last + 1 < ordinals.length &&
        at(ordinals, last + 1) === at(ordinals, last) + 1 &&
        index.positionAt(at(ordinals, last + 1)) - start < READ_SPAN_BYTES
      ) {
        last += 1;
      }
      const lastOrdinal = at(ordinals, last);
      const span = this.file.read(start, index.positionAt(lastOrdinal) + index.lengthAt(lastOrdinal) - start);
      for (; first <= last; first += 1) {
        const ordinal = at(ordinals, first);
        const position = index.positionAt(ordinal);
        const offset = position - start;
        events.push(decodeRecord(position, span.subarray(offset, offset + index.lengthAt(ordinal))));
      }
    }
    return events;
  }

  close(): void {
    this.file.close();
  }
}

function at(ordinals: readonly number[], place: number): number {
  const ordinal = ordinals[place];
  if (ordinal === undefined) throw new Error(`There is no place ${place}.`);
  return ordinal;
}

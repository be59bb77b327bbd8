import {
  closeSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { FRAME_HEADER_BYTES, isIntact, payloadLength } from './record-format.js';

/** The first bytes of every log; they also keep position 0 free, as on a real server no event stands there. */
const MAGIC = Buffer.from('EVENT LOG, V 1.\n');
const SCAN_WINDOW_BYTES = 4 * 1024 * 1024;

const syncData = promisify(fdatasync);

/** The records of one append, as found when a log is opened. */
export interface Frame {
  readonly payload: Buffer;
  readonly payloadPosition: number;
}

/** An append-only file of frames. What {@link append} wrote is durable once a later {@link sync} has resolved. */
export class LogFile {
  private constructor(
    private readonly descriptor: number,
    private endOfLog: number,
  ) {}

  /**
   * Opens or creates the log and hands every intact frame to `onFrame`, in order. Whatever follows the last intact
   * frame is the torn end of an append that was never acknowledged, and is cut off.
   */
  static open(path: string, onFrame: (frame: Frame) => void): LogFile {
    mkdirSync(dirname(path), { recursive: true });
    const descriptor = openSync(path, 'a+');
    closeSync(descriptor);
    const file = openSync(path, 'r+');
    const size = fstatSync(file).size;
    if (size < MAGIC.length) {
      writeSync(file, MAGIC, 0, MAGIC.length, 0);
      ftruncateSync(file, MAGIC.length);
      syncDirectory(dirname(path));
      return new LogFile(file, MAGIC.length);
    }
    const end = scan(file, size, onFrame);
    if (end < size) ftruncateSync(file, end);
    fsyncSync(file);
    return new LogFile(file, end);
  }

  /** Offset at which the next frame will stand. */
  get end(): number {
    return this.endOfLog;
  }

  /** Writes a frame at the end, not yet durable. */
  append(frame: Buffer): void {
    writeFully(this.descriptor, frame, this.endOfLog);
    this.endOfLog += frame.length;
  }

  /** Makes everything appended so far durable (fdatasync). It runs on another thread, so appends may be taken meanwhile. */
  sync(): Promise<void> {
    return syncData(this.descriptor);
  }

  read(position: number, length: number): Buffer {
    return readFully(this.descriptor, position, length);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

function scan(file: number, size: number, onFrame: (frame: Frame) => void): number {
  const magic = readFully(file, 0, MAGIC.length);
  if (!magic.equals(MAGIC)) throw new Error('The file is no event log of this program.');
  let windowStart = 0;
  let window = magic;
  const take = (position: number, length: number): Buffer | undefined => {
    if (position + length > size) return undefined;
    if (position + length > windowStart + window.length) {
      windowStart = position;
      window = readFully(file, position, Math.min(Math.max(length, SCAN_WINDOW_BYTES), size - position));
    }
    return window.subarray(position - windowStart, position - windowStart + length);
  };
  let position = MAGIC.length;
  for (;;) {
    const header = take(position, FRAME_HEADER_BYTES);
    if (header === undefined) return position;
    const length = payloadLength(header);
    const payload = length === 0 ? undefined : take(position + FRAME_HEADER_BYTES, length);
    if (payload === undefined || !isIntact(header, payload)) return position;
    onFrame({ payload, payloadPosition: position + FRAME_HEADER_BYTES });
    position += FRAME_HEADER_BYTES + length;
  }
}

function readFully(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length;) {
    const count = readSync(file, bytes, done, length - done, position + done);
    if (count === 0) throw new Error(`The log ends before position ${position + length}.`);
    done += count;
  }
  return bytes;
}

function writeFully(file: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, position + done);
}

/** A new file survives a power cut only when its folder's entry was written too. */
function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  fsyncSync(directory);
  closeSync(directory);
}

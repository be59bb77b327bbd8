import { fdatasync, read, readSync, statSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type Database from 'better-sqlite3';
import { StoreUnavailable } from '#kernel';

const readAsync = promisify(read);
const fdatasyncAsync = promisify(fdatasync);

const PAGES_PER_READ = 256;
/** Another process may write between emptying the log and locking it: then both are done again. */
const LOCK_MAX_TRIES = 20;

const FILE_HEADER_BYTES = 100;
const INTERIOR_HEADER_BYTES = 12;
const LEAF_HEADER_BYTES = 8;
const CELL_POINTER_BYTES = 2;
const LARGEST_PAGE_BYTES = 65_536;
/** From this page number on, the first byte of an overflow page could be taken for the type of a b-tree page (128 GiB). */
const FIRST_AMBIGUOUS_PAGE = 0x02_00_00_00;

/** By the type byte of a b-tree page, the length of its header. */
const HEADER_BYTES = new Map([
  [0x02, INTERIOR_HEADER_BYTES],
  [0x05, INTERIOR_HEADER_BYTES],
  [0x0a, LEAF_HEADER_BYTES],
  [0x0d, LEAF_HEADER_BYTES],
]);

const ZEROS = Buffer.alloc(LARGEST_PAGE_BYTES);

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Writes the log back into the file and empties it. @throws StoreUnavailable while another connection still reads from it. */
function truncateLog(database: Database.Database): void {
  const [result] = database.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
  if (result?.busy !== 0)
    throw new StoreUnavailable('Another process still reads an older state of the database file.');
}

/**
 * Overwrites what `secure_delete` leaves behind, and empties the log.
 *
 * SQLite with `secure_delete=ON` zeroes what it frees, but when it moves rows between the pages of a b-tree the old page
 * keeps copies of them in its unallocated region, and a row that is deleted later lives on in such a copy. That region is
 * defined by the file format (https://sqlite.org/fileformat2.html, section 1.6) and means nothing to SQLite, so zeros are
 * written to it directly: under the write lock, with an empty log, and with nothing of those pages in SQLite's cache
 * afterwards. A crash at any moment leaves a sound file.
 */
export async function overwriteFreedSpace(
  database: Database.Database,
  path: string,
  descriptor: number,
): Promise<void> {
  truncateLog(database);
  const pageBytes = database.pragma('page_size', { simple: true }) as number;
  const chunk = Buffer.alloc(PAGES_PER_READ * pageBytes);
  let overwritten = false;
  for (let position = 0; ; position += chunk.length) {
    const { bytesRead } = await readAsync(descriptor, chunk, 0, chunk.length, position);
    const dirty = dirtyPages(chunk.subarray(0, bytesRead), position, pageBytes);
    if (dirty.length > 0) {
      overwritePages(database, path, descriptor, dirty, pageBytes);
      overwritten = true;
    }
    if (bytesRead < chunk.length) break;
  }
  truncateLog(database);
  if (overwritten) await fdatasyncAsync(descriptor);
}

/** Offsets in the file of the pages in `chunk` whose unallocated region holds anything. */
function dirtyPages(chunk: Buffer, position: number, pageBytes: number): readonly number[] {
  const dirty: number[] = [];
  for (let offset = 0; offset + pageBytes <= chunk.length; offset += pageBytes) {
    const page = chunk.subarray(offset, offset + pageBytes);
    if (dirtyRange(page, (position + offset) / pageBytes + 1)) dirty.push(position + offset);
  }
  return dirty;
}

/** The unallocated region of a b-tree page, where it holds anything but zeros. */
function dirtyRange(page: Buffer, pageNumber: number): Range | null {
  if (pageNumber >= FIRST_AMBIGUOUS_PAGE) throw new Error('The database file is too large to be scrubbed.');
  const header = pageNumber === 1 ? FILE_HEADER_BYTES : 0;
  const headerBytes = HEADER_BYTES.get(page[header] ?? 0);
  if (headerBytes === undefined) return null;
  const start = header + headerBytes + CELL_POINTER_BYTES * page.readUInt16BE(header + 3);
  const end = page.readUInt16BE(header + 5) || LARGEST_PAGE_BYTES;
  if (start >= end || end > page.length) return null;
  return page.compare(ZEROS, 0, end - start, start, end) === 0 ? null : { start, end };
}

/** In one go on this thread: nobody else writes while the log is empty and the write lock is held. */
function overwritePages(
  database: Database.Database,
  path: string,
  descriptor: number,
  offsets: readonly number[],
  pageBytes: number,
): void {
  const page = Buffer.alloc(pageBytes);
  const overwrite = database.transaction((): boolean => {
    if (statSync(`${path}-wal`).size > 0) return false;
    for (const offset of offsets) {
      readSync(descriptor, page, 0, pageBytes, offset);
      const range = dirtyRange(page, offset / pageBytes + 1);
      if (range) writeSync(descriptor, ZEROS, 0, range.end - range.start, offset + range.start);
    }
    return true;
  });
  for (let tries = 0; tries < LOCK_MAX_TRIES; tries += 1) {
    truncateLog(database);
    if (overwrite.immediate()) {
      // The cache may hold these pages as they were, and would write them back with their next change.
      database.pragma('shrink_memory');
      return;
    }
  }
  throw new StoreUnavailable('Another process keeps writing to the database file.');
}

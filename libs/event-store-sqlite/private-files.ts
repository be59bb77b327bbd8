import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/** Creates a directory that only its owner enters. One that exists keeps the mode that its operator gave it. */
export function prepareDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE });
}

/** Creates a file that only its owner reads, before SQLite opens it: SQLite gives the same mode to the files beside it. */
export function prepareFile(path: string): void {
  // A file that is there is not opened: closing it would drop the locks that this process holds on it (POSIX).
  if (existsSync(path)) chmodSync(path, FILE_MODE);
  else closeSync(openSync(path, 'a', FILE_MODE));
}

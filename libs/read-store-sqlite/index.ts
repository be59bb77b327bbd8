export { SqliteReadStore } from './sqlite-read-store.js';
export { asUnavailable, SqliteFile } from './sqlite-file.js';

export { SqliteReadStore } from './sqlite-read-store.js';
export { SqliteFile } from './sqlite-file.js';

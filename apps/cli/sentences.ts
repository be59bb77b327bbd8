/** Errors whose text is written for people, and quotes no secret and no data. */
const FOR_PEOPLE: ReadonlySet<string> = new Set([
  'CommandFailed',
  'DataDirectoryInUse',
  'Error',
  'ReplicaSetRequired',
  'StoreUnavailable',
  'UnfinishedMigration',
  'WrongUsage',
]);

/** What went wrong, for a terminal. Errors of drivers and of the language may quote what they were given: of those only the kind is told. */
export function sentencesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return ['It failed, and nobody knows why.'];
  if ('faults' in error && Array.isArray(error.faults)) return error.faults.map(String);
  if (FOR_PEOPLE.has(error.constructor.name)) return [error.message];
  const code = 'code' in error && typeof error.code === 'string' ? `, ${error.code}` : '';
  const place = error.stack?.split('\n').find((line) => line.trim().startsWith('at ')) ?? '';
  return [`It failed unexpectedly: ${error.name}${code} ${place.trim()}`.trimEnd()];
}

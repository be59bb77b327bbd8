/** What `$metadata` in `$$stream` says about how much of a stream can be read. */
export interface StreamMetadata {
  /** Everything the event held, so that a change of one property keeps the others. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** Revisions below are gone. */
  readonly truncateBefore: number;
  /** Only the last so many can be read. */
  readonly maxCount: number;
  /** Only events younger than this can be read. */
  readonly maxAgeMs: number;
  /** A soft deletion is a truncation before the end of all revisions. */
  readonly softDeleted: boolean;
}

/** Data of the `$metadata` event that deletes a stream softly. Written out, because 2^63 - 1 is no safe integer. */
export const SOFT_DELETION = '{"$tb":9223372036854775807}';

export const NO_METADATA: StreamMetadata = readable({});

/** A server keeps only the last event of a metadata stream. */
export const METADATA_OF_METADATA: StreamMetadata = readable({ $maxCount: 1 });

/** Reads the data of a `$metadata` event; what is no JSON object counts as nothing set, as on a real server. */
export function parseStreamMetadata(data: Buffer): StreamMetadata {
  try {
    const parsed: unknown = JSON.parse(data.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? readable(parsed as Record<string, unknown>) : NO_METADATA;
  } catch {
    return NO_METADATA;
  }
}

/** Data of the `$metadata` event that a server adds when a softly deleted stream is written again at `revision`. */
export function undeletedFrom(metadata: StreamMetadata, revision: number): string {
  return JSON.stringify({ ...metadata.properties, $tb: revision });
}

function readable(properties: Record<string, unknown>): StreamMetadata {
  const number = (key: string, otherwise: number) => {
    const value = properties[key];
    return typeof value === 'number' ? value : otherwise;
  };
  const truncateBefore = number('$tb', 0);
  return {
    properties,
    truncateBefore,
    maxCount: number('$maxCount', Number.POSITIVE_INFINITY),
    maxAgeMs: number('$maxAge', Number.POSITIVE_INFINITY) * 1000,
    softDeleted: truncateBefore > Number.MAX_SAFE_INTEGER,
  };
}

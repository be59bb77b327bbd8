import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, Length, Matches, ValidateIf } from 'class-validator';
import { Refusal } from '#kernel';

export const DEFAULT_PAGE_LIMIT = 50;
export const MAX_PAGE_LIMIT = 200;
const CURSOR_LENGTH_LIMIT = 2_000;

/** A parameter of a query that is left out or empty asks for nothing. */
export const IfGiven = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined && value !== '');

/** What every list takes. */
export class PageParameters {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_PAGE_LIMIT, default: DEFAULT_PAGE_LIMIT })
  @IfGiven()
  @Matches(/^([1-9]|[1-9]\d|1\d\d|200)$/, { message: `limit must be a number from 1 to ${MAX_PAGE_LIMIT}` })
  readonly limit?: string;

  @ApiPropertyOptional({
    description: 'What nextCursor said, for the same filters and sort.',
    maxLength: CURSOR_LENGTH_LIMIT,
  })
  @IfGiven()
  @IsString()
  @Length(1, CURSOR_LENGTH_LIMIT)
  readonly cursor?: string;
}

export const pageLimit = ({ limit }: PageParameters): number => (limit ? Number(limit) : DEFAULT_PAGE_LIMIT);

/** A place in a list as an opaque cursor: the list's name and sort, and the values that the place is made of. */
export const encodeCursor = (list: string, place: readonly (string | null)[]): string =>
  Buffer.from(JSON.stringify([list, ...place])).toString('base64url');

/** The place that a cursor of this list names, null without one, or a refusal of a cursor that is not ours. */
export function decodeCursor(
  list: string,
  length: number,
  { cursor }: PageParameters,
): readonly (string | null)[] | null | Refusal {
  if (!cursor) return null;
  try {
    const decoded: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (!Array.isArray(decoded)) return notOurs();
    const [of, ...place] = decoded as readonly unknown[];
    const isPlace = place.length === length && place.every((value) => value === null || typeof value === 'string');
    return of === list && isPlace ? place : notOurs();
  } catch {
    return notOurs();
  }
}

const notOurs = (): Refusal =>
  new Refusal('validation-failed', 'Some of what was sent is not valid.', {
    errors: [{ path: 'cursor', code: 'not-ours', message: 'must be what nextCursor said, for the same list and sort' }],
  });

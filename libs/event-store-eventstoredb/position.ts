import type { Position as Place } from '@eventstore/db-client';
import type { Position } from '#kernel';

/** Each number fits a 64-bit one with room to spare. */
const FORM = /^\d{1,19}\/\d{1,19}$/;

/** A record's place in `$all`. The server orders by commit, then by prepare. */
export type { Place };

export function isPosition(text: string): boolean {
  return FORM.test(text);
}

export function formatPlace({ commit, prepare }: Place): Position {
  return `${commit}/${prepare}`;
}

/** The place that a position names. Null, zero, and a position of another store's form are the beginning: null. */
export function placeOf(position: Position | null): Place | null {
  if (position === null || !isPosition(position)) return null;
  const [commit = '', prepare = ''] = position.split('/');
  const place = { commit: BigInt(commit), prepare: BigInt(prepare) };
  return place.commit === 0n && place.prepare === 0n ? null : place;
}

/** The position of a place; of the beginning `0/0`. */
export function positionOf(place: Place | null): Position {
  return place === null ? '0/0' : formatPlace(place);
}

/** Null, the beginning, stands before every place. */
export function comparePlaces(a: Place | null, b: Place | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (a.commit !== b.commit) return a.commit < b.commit ? -1 : 1;
  if (a.prepare !== b.prepare) return a.prepare < b.prepare ? -1 : 1;
  return 0;
}

/** By numbers, not by letters. A position of another form stands before every one of this form. */
export function comparePositions(a: Position, b: Position): number {
  const formA = isPosition(a);
  const formB = isPosition(b);
  return formA && formB ? comparePlaces(placeOf(a), placeOf(b)) : Number(formA) - Number(formB);
}

import type { Position } from '#kernel';

const FORM = /^\d{1,16}$/;

/** The place before the first event. */
export const BEGINNING = 0;

export function isPosition(text: string): boolean {
  return FORM.test(text);
}

/** The number in a position. Null, and a position of another store's form, stand before everything. */
export function positionNumber(position: Position | null): number {
  return position !== null && isPosition(position) ? Number(position) : BEGINNING;
}

/** By number, not by letters: '9' stands before '10'. A position of another form stands before every one of this form. */
export function comparePositions(a: Position, b: Position): number {
  const formA = isPosition(a);
  const formB = isPosition(b);
  return formA && formB ? Number(a) - Number(b) : Number(formA) - Number(formB);
}

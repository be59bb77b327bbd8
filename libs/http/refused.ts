import type { Refusal } from '#kernel';

/** Carries a refusal out of the guard, from where nothing can be returned. Made without a stack, since it is no bug. */
export class Refused {
  constructor(readonly refusal: Refusal) {}
}

const MAX_STREAMS = 50_000;

/**
 * The last revisions of streams used lately. Nobody else writes to the file, so what stands here is true, and a read behind a
 * stream's end, which every consultation of a kept state is, needs no look into the file.
 */
export class StreamEnds {
  readonly #ends = new Map<string, number>();

  /** Whether the stream is known to have nothing at or behind this revision. */
  isBehindEnd(stream: string, revision: number): boolean {
    const end = this.#ends.get(stream);
    return end !== undefined && revision > end;
  }

  note(stream: string, revision: number): void {
    if ((this.#ends.get(stream) ?? -1) > revision) return;
    this.#ends.delete(stream);
    this.#ends.set(stream, revision);
    if (this.#ends.size <= MAX_STREAMS) return;
    for (const oldest of this.#ends.keys()) {
      this.#ends.delete(oldest);
      return;
    }
  }

  /** A conflict has shown that something else stands there than was known. */
  forget(stream: string): void {
    this.#ends.delete(stream);
  }
}

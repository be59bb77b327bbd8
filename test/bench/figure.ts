/** One figure against a reference that was measured in the same run. */
export interface Figure {
  readonly id: string;
  /** Which size or variant, where a benchmark has several. */
  readonly case?: string;
  readonly ours: number;
  readonly reference: number;
  /** `ours / reference`. */
  readonly ratio: number;
  /** Of both. */
  readonly unit: string;
  /** The ratio that is aimed at. */
  readonly reach?: string;
}

export const toFigure = (figure: Omit<Figure, 'ratio'>): Figure => ({
  ...figure,
  ratio: Math.round((figure.ours / figure.reference) * 100) / 100,
});

export function p99(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length * 0.99)] ?? 0) * 100) / 100;
}

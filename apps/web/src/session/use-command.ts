import { useRef, useState } from 'react';
import type { ApiResult, Problem } from '#contract';

/** A command that a person gives, with what has become of the last try. */
export interface Command<Input, T> {
  readonly busy: boolean;
  readonly problem: Problem | null;
  readonly send: (input: Input) => Promise<ApiResult<T>>;
}

/**
 * Gives a command under an idempotency key of its own.
 *
 * When it is not known what became of it, the same input is sent again under the same key, so that pressing the button
 * twice does nothing twice; after a refusal the next try is a new command.
 */
export function useCommand<Input, T>(
  run: (input: Input, idempotencyKey: string) => Promise<ApiResult<T>>,
): Command<Input, T> {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const unsettled = useRef<{ readonly input: string; readonly key: string } | null>(null);

  const send = async (input: Input): Promise<ApiResult<T>> => {
    const text = JSON.stringify(input) ?? '';
    const key = unsettled.current?.input === text ? unsettled.current.key : crypto.randomUUID();
    setBusy(true);
    setProblem(null);
    const result = await run(input, key);
    const isUnsettled = !result.ok && (result.problem.status === 0 || result.problem.status >= 500);
    unsettled.current = isUnsettled ? { input: text, key } : null;
    setBusy(false);
    setProblem(result.ok ? null : result.problem);
    return result;
  };
  return { busy, problem, send };
}

/** One faulty field of a request that was refused as `validation-failed`. */
export interface ProblemEntry {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/**
 * A refusal as the API sends it (RFC 9457 `application/problem+json`).
 *
 * `code` is stable and meant for programs, `title` and `detail` are sentences meant for people.
 */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly correlationId?: string;
  readonly errors?: readonly ProblemEntry[];
}

/** The codes of problems that never came from the API: the client itself states them, with status 0. */
export const CLIENT_PROBLEM_CODES = ['network-failed', 'timed-out', 'aborted', 'unexpected-answer'] as const;
export type ClientProblemCode = (typeof CLIENT_PROBLEM_CODES)[number];

const CLIENT_PROBLEM_WORDS: Record<ClientProblemCode, { readonly title: string; readonly detail: string }> = {
  'network-failed': { title: 'The service could not be reached', detail: 'Check the connection and try again.' },
  'timed-out': { title: 'The service took too long to answer', detail: 'It may still be at work. Try again shortly.' },
  aborted: { title: 'The request was stopped', detail: 'Nobody waits for its answer any more.' },
  'unexpected-answer': { title: 'The service gave an answer that makes no sense', detail: 'Try again shortly.' },
};

/** A problem that the client states itself because no problem document arrived. */
export function clientProblem(code: ClientProblemCode, status = 0): Problem {
  return { type: 'about:blank', status, code, ...CLIENT_PROBLEM_WORDS[code] };
}

/** Whether a decoded body has what every problem document has. */
export function isProblem(body: unknown): body is Problem {
  if (typeof body !== 'object' || body === null) {
    return false;
  }
  const candidate = body as Partial<Record<keyof Problem, unknown>>;
  return (
    typeof candidate.title === 'string' && typeof candidate.status === 'number' && typeof candidate.code === 'string'
  );
}

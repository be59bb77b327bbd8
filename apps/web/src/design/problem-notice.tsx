import type { ReactNode } from 'react';
import type { Permission, Problem } from '#contract';
import { WarningIcon } from './icons.js';

interface ProblemNoticeProps {
  readonly problem: Problem;
  /** Offered as a button; left out where trying again cannot help. */
  readonly retry?: (() => void) | undefined;
  /** The permission that the refused command needs, named when the refusal is about it. */
  readonly permission?: Permission | undefined;
  readonly children?: ReactNode;
}

/** A refusal in words: what happened, what to do, and the reference that the operator finds it by. */
export function ProblemNotice({ problem, retry, permission, children }: ProblemNoticeProps) {
  const forbidden = problem.status === 403 && permission !== undefined;
  return (
    <div className="notice notice--bad" role="alert">
      <WarningIcon />
      <div className="notice__text">
        <strong>{problem.title}</strong>
        {problem.detail === undefined ? null : <p>{problem.detail}</p>}
        {forbidden ? (
          <p>
            It needs the permission <code>{permission}</code>. Somebody who manages the members can change your role.
          </p>
        ) : null}
        {problem.errors === undefined || problem.errors.length === 0 ? null : (
          <ul>
            {problem.errors.map((entry) => (
              <li key={`${entry.path} ${entry.code}`}>
                {entry.path === '' ? '' : `${entry.path}: `}
                {entry.message}
              </li>
            ))}
          </ul>
        )}
        {children}
        {problem.correlationId === undefined ? null : (
          <p className="notice__reference">
            Reference <code>{problem.correlationId}</code>
          </p>
        )}
        {retry === undefined ? null : (
          <button type="button" className="button button--small" onClick={retry}>
            Try again
          </button>
        )}
      </div>
    </div>
  );
}

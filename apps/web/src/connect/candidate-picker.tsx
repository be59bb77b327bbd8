import { useEffect, useId, useRef, useState, type SubmitEvent } from 'react';
import { SELECTION_LIMIT, type Candidate, type SelectionAnswer } from '#contract';
import { AccountPicture } from '../design/account-picture.js';
import { ProblemNotice } from '../design/problem-notice.js';
import { counted } from '../design/words.js';
import { useSession } from '../session/session.js';
import { useCommand } from '../session/use-command.js';
import { useWorkspace } from '../workspaces/current-workspace.js';
import { ACCOUNT_TYPE_WORDS, UNSELECTABLE_WORDS } from './words.js';

interface CandidatePickerProps {
  readonly connectionId: string;
  readonly candidates: readonly Candidate[];
  readonly onSelected: (answer: SelectionAnswer) => void;
  /** Called when the attempt has moved on without this selection. */
  readonly onStale: () => void;
  readonly onCancel: () => void;
}

/** Refusals that say that the attempt is no longer what this list shows. */
const STALE_CODES: ReadonlySet<string> = new Set(['already-decided', 'connection-lapsed']);

/** Everything that the login reaches, to pick from; what cannot be picked is there with the reason (C2). */
export function CandidatePicker({ connectionId, candidates, onSelected, onStale, onCancel }: CandidatePickerProps) {
  const { client } = useSession();
  const { workspace } = useWorkspace();
  const selectable = candidates.filter(({ selectable: can }) => can);
  const [picked, setPicked] = useState<ReadonlySet<string>>(
    () => new Set(selectable.length === 1 ? selectable.map(({ candidateId }) => candidateId) : []),
  );
  const command = useCommand((ids: readonly string[], idempotencyKey) =>
    client.selectCandidates(workspace.id, connectionId, ids, { idempotencyKey }),
  );
  const ids = candidates.map(({ candidateId }) => candidateId).filter((id) => picked.has(id));
  const isTooMany = ids.length > SELECTION_LIMIT;

  const toggle = (id: string): void => {
    const next = new Set(picked);
    if (!next.delete(id)) {
      next.add(id);
    }
    setPicked(next);
  };
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (ids.length === 0 || isTooMany) {
      return;
    }
    const result = await command.send(ids);
    if (result.ok) {
      onSelected(result.value);
    } else if (STALE_CODES.has(result.problem.code)) {
      onStale();
    }
  };

  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <p className="soft">
        {counted(candidates.length, 'account')} found with this login.{' '}
        {selectable.length === candidates.length ? '' : 'Those that cannot be picked say why.'}
      </p>
      {selectable.length < 2 ? null : (
        <SelectAll
          count={selectable.length}
          pickedCount={ids.length}
          onChange={(all) => setPicked(new Set(all ? selectable.map(({ candidateId }) => candidateId) : []))}
        />
      )}
      <ul className="choices">
        {candidates.map((candidate) => (
          <CandidateChoice
            key={candidate.candidateId}
            candidate={candidate}
            isPicked={picked.has(candidate.candidateId)}
            onToggle={() => toggle(candidate.candidateId)}
          />
        ))}
      </ul>
      {isTooMany ? <TooMany /> : null}
      {command.problem === null ? null : <ProblemNotice problem={command.problem} permission="accounts:connect" />}
      <div className="dialog__actions">
        <button type="button" className="button" onClick={onCancel}>
          Not now
        </button>
        <button type="submit" className="button button--main" disabled={command.busy || ids.length === 0 || isTooMany}>
          {command.busy ? 'Connecting…' : ids.length === 0 ? 'Connect' : `Connect ${counted(ids.length, 'account')}`}
        </button>
      </div>
    </form>
  );
}

function TooMany() {
  return (
    <p role="alert">
      At most {SELECTION_LIMIT} accounts can be connected at once. Take some off, and connect those in a second round.
    </p>
  );
}

interface SelectAllProps {
  readonly count: number;
  readonly pickedCount: number;
  readonly onChange: (all: boolean) => void;
}

function SelectAll({ count, pickedCount, onChange }: SelectAllProps) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current !== null) {
      box.current.indeterminate = pickedCount > 0 && pickedCount < count;
    }
  }, [count, pickedCount]);
  return (
    <label className="select-all">
      <input
        ref={box}
        type="checkbox"
        checked={pickedCount === count}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span>
        <strong>Select all</strong>{' '}
        <span className="faint">
          {pickedCount} of {count} picked
        </span>
      </span>
    </label>
  );
}

interface CandidateChoiceProps {
  readonly candidate: Candidate;
  readonly isPicked: boolean;
  readonly onToggle: () => void;
}

function CandidateChoice({ candidate, isPicked, onToggle }: CandidateChoiceProps) {
  const id = useId();
  const { name, handle, type, pictureUrl, selectable, reason, accountId } = candidate;
  const note = selectable
    ? accountId === undefined
      ? null
      : 'Connected already. Picking it again reconnects it.'
    : UNSELECTABLE_WORDS[reason ?? 'not-supported'];
  return (
    <li>
      <label className={selectable ? 'choice' : 'choice choice--off'}>
        <input
          type="checkbox"
          checked={isPicked}
          disabled={!selectable}
          onChange={onToggle}
          aria-labelledby={`${id}-name`}
          aria-describedby={`${id}-about`}
        />
        <AccountPicture name={name} pictureUrl={pictureUrl} />
        <span className="choice__text">
          <strong id={`${id}-name`}>{name}</strong>
          <span id={`${id}-about`} className="candidate__about">
            <span className="faint">
              {[handle, ACCOUNT_TYPE_WORDS[type]].filter((part) => part !== null).join(' · ')}
            </span>
            {note === null ? null : (
              <span className={selectable ? 'candidate__note' : 'candidate__reason'}>{note}</span>
            )}
          </span>
        </span>
      </label>
    </li>
  );
}

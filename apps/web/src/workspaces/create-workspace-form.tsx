import { useId, useState, type SubmitEvent, type ReactNode } from 'react';
import type { CreateWorkspace } from '#contract';
import { browserZone, knownZones } from '../design/dates.js';
import { ProblemNotice } from '../design/problem-notice.js';
import { useCommand } from '../session/use-command.js';
import { useSession } from '../session/session.js';

const NAME_LIMIT_CHARACTERS = 100;

interface CreateWorkspaceFormProps {
  readonly onCreated: (id: string) => void;
  readonly actions: (busy: boolean) => ReactNode;
}

/** Name and time zone of a new workspace. The zone is the browser's own until another one is picked. */
export function CreateWorkspaceForm({ onCreated, actions }: CreateWorkspaceFormProps) {
  const { client, announce } = useSession();
  const [name, setName] = useState('');
  const [timezone, setTimezone] = useState(browserZone);
  const [zones] = useState(knownZones);
  const id = useId();
  const command = useCommand((body: CreateWorkspace, idempotencyKey) =>
    client.createWorkspace(body, { idempotencyKey }),
  );
  const create = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const body = { name: name.trim(), timezone };
    if (body.name === '') {
      return;
    }
    const result = await command.send(body);
    if (result.ok) {
      announce(`The workspace ${body.name} is there.`);
      onCreated(result.value.id);
    }
  };
  return (
    <form className="stack" onSubmit={(event) => void create(event)}>
      <div className="field">
        <label htmlFor={`${id}-name`}>Name</label>
        <input
          id={`${id}-name`}
          className="input"
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={NAME_LIMIT_CHARACTERS}
          placeholder="Your team or brand"
          autoComplete="organization"
          data-autofocus
          required
        />
      </div>
      <div className="field">
        <label htmlFor={`${id}-zone`}>Time zone</label>
        <select
          id={`${id}-zone`}
          className="input"
          value={timezone}
          onChange={(event) => setTimezone(event.target.value)}
          aria-describedby={`${id}-zone-hint`}
        >
          {zones.map((zone) => (
            <option key={zone} value={zone}>
              {zone.replaceAll('_', ' ')}
            </option>
          ))}
        </select>
        <p className="field__hint" id={`${id}-zone-hint`}>
          Dates and posting times are shown in this zone.
        </p>
      </div>
      {command.problem === null ? null : <ProblemNotice problem={command.problem} />}
      {actions(command.busy)}
    </form>
  );
}

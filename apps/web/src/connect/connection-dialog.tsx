import { useState } from 'react';
import type { Connection, PlatformId, SelectionAnswer } from '#contract';
import { Dialog } from '../design/dialog.js';
import { PLATFORM_NAMES } from '../design/platform-mark.js';
import { ProblemNotice } from '../design/problem-notice.js';
import { useWorkspace } from '../workspaces/current-workspace.js';
import { CandidatePicker } from './candidate-picker.js';
import './connect.css';
import { ConnectionFailed } from './connection-failed.js';
import { ConnectionOutcome } from './connection-outcome.js';
import { useConnection } from './use-connection.js';

interface ConnectionDialogProps {
  readonly connectionId: string;
  readonly onClose: () => void;
  /** Begins another attempt on the same platform. */
  readonly onTryAgain: (platform: PlatformId) => void;
}

/** What the browser comes back to: pick, wait for the end, and see what came of the attempt. */
export function ConnectionDialog({ connectionId, onClose, onTryAgain }: ConnectionDialogProps) {
  const { workspace } = useWorkspace();
  const { loaded, again } = useConnection(workspace.id, connectionId);
  const [selection, setSelection] = useState<SelectionAnswer | null>(null);
  const connection = loaded.state === 'ready' ? loaded.value : null;
  return (
    <Dialog title={titleOf(connection)} step={connection?.status ?? ''} onClose={onClose}>
      {loaded.state === 'loading' ? <Waiting words="Reading what the platform answered…" /> : null}
      {loaded.state === 'failed' ? (
        <ProblemNotice problem={loaded.problem} retry={again} permission="accounts:connect" />
      ) : null}
      {connection === null ? null : (
        <ConnectionStep
          connection={connection}
          selection={selection}
          onSelected={(answer) => {
            setSelection(answer);
            again();
          }}
          onStale={again}
          onClose={onClose}
          onTryAgain={onTryAgain}
        />
      )}
    </Dialog>
  );
}

interface ConnectionStepProps {
  readonly connection: Connection;
  readonly selection: SelectionAnswer | null;
  readonly onSelected: (answer: SelectionAnswer) => void;
  readonly onStale: () => void;
  readonly onClose: () => void;
  readonly onTryAgain: (platform: PlatformId) => void;
}

function ConnectionStep({ connection, selection, onSelected, onStale, onClose, onTryAgain }: ConnectionStepProps) {
  const name = PLATFORM_NAMES[connection.platform];
  switch (connection.status) {
    case 'started':
      return <Waiting words={`Waiting for the answer from ${name}. This page goes on by itself.`} />;
    case 'authorized':
      return connection.candidates === undefined ? (
        <Waiting words="Whoever began this attempt now picks the accounts. This page goes on by itself." />
      ) : (
        <CandidatePicker
          connectionId={connection.id}
          candidates={connection.candidates}
          onSelected={onSelected}
          onStale={onStale}
          onCancel={onClose}
        />
      );
    case 'selected':
      return <Waiting words="Connecting the accounts. This goes on even if you close the page." />;
    case 'completed':
      return <ConnectionOutcome connection={connection} selection={selection} onClose={onClose} />;
    case 'failed':
    case 'lapsed':
      return <ConnectionFailed connection={connection} onClose={onClose} onTryAgain={onTryAgain} />;
  }
}

function Waiting({ words }: { readonly words: string }) {
  return (
    <div className="busy" role="status">
      <p>{words}</p>
      <progress aria-label="Waiting" />
    </div>
  );
}

function titleOf(connection: Connection | null): string {
  if (connection === null) {
    return 'Connecting';
  }
  const name = PLATFORM_NAMES[connection.platform];
  const isReconnect = connection.purpose === 'reconnect';
  switch (connection.status) {
    case 'authorized':
      return `Pick what to connect from ${name}`;
    case 'completed':
      return isReconnect ? 'Reconnected' : 'Connected';
    case 'failed':
    case 'lapsed':
      return isReconnect ? `${name} was not reconnected` : `${name} was not connected`;
    case 'started':
    case 'selected':
      return isReconnect ? `Reconnecting ${name}` : `Connecting ${name}`;
  }
}

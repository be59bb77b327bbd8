import { Dialog } from '../design/dialog.js';
import { CreateWorkspaceForm } from './create-workspace-form.js';

interface CreateWorkspaceDialogProps {
  readonly onClose: () => void;
  readonly onCreated: (id: string) => void;
}

/** Another workspace beside those that are there. */
export function CreateWorkspaceDialog({ onClose, onCreated }: CreateWorkspaceDialogProps) {
  return (
    <Dialog title="New workspace" onClose={onClose}>
      <CreateWorkspaceForm
        onCreated={onCreated}
        actions={(busy) => (
          <div className="dialog__actions">
            <button type="button" className="button" onClick={onClose}>
              Cancel
            </button>
            <button type="submit" className="button button--main" disabled={busy}>
              {busy ? 'Creating…' : 'Create workspace'}
            </button>
          </div>
        )}
      />
    </Dialog>
  );
}

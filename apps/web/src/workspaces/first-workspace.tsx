import { useArrivalFocus } from '../design/arrival-focus.js';
import { CreateWorkspaceForm } from './create-workspace-form.js';

/** What a person without any workspace sees. */
export function FirstWorkspace({ onCreated }: { readonly onCreated: (id: string) => void }) {
  const heading = useArrivalFocus();
  return (
    <main className="lone-page">
      <div className="sign-in">
        <h1 ref={heading} tabIndex={-1}>
          Create your first workspace
        </h1>
        <p className="soft">
          A workspace holds a team’s social media accounts. Nothing in it is visible from any other one.
        </p>
        <CreateWorkspaceForm
          onCreated={onCreated}
          actions={(busy) => (
            <button type="submit" className="button button--main" disabled={busy}>
              {busy ? 'Creating…' : 'Create workspace'}
            </button>
          )}
        />
        <p className="faint">Were you expecting to see one? Ask whoever manages its members to add you.</p>
      </div>
    </main>
  );
}

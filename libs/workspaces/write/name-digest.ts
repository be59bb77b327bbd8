import { SubjectErased, type Vault } from '#kernel';

/** What decisions know of a workspace's name: a digest under the workspace's own key. */
export async function nameDigest(vault: Vault, workspaceId: string, name: string): Promise<string> {
  const key = await vault.keyFor(workspaceId);
  if (key === 'destroyed') throw new SubjectErased();
  return key.digest('workspace-name', name);
}

export { membershipOf, WorkspaceAccess } from './access.js';
export { ROLES } from './domain/roles.js';
export type { AccountAccess, Role } from './domain/roles.js';
export { addConnectedAccounts, DEFAULT_SETTINGS, workspace, workspaceEvents } from './domain/workspace.js';
export type { WorkspaceEvent, WorkspaceSettings, WorkspaceState } from './domain/workspace.js';
export { WorkspaceCommandAnswer } from './write/answers.js';
export { ChangeWorkspaceBody } from './write/change-workspace.js';
export { workspacesReadModel } from './read/workspaces.js';
export { WorkspacesModule } from './workspaces.module.js';

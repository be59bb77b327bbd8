import { Module } from '@nestjs/common';
import { AccessControl } from '#http';
import { WorkspaceAccess } from './access.js';
import { WorkspaceQueries } from './read/workspace-routes.js';
import { ChangeWorkspaceHandler, ChangeWorkspaceRoute } from './write/change-workspace.js';
import { CreateWorkspaceHandler, CreateWorkspaceRoute } from './write/create-workspace.js';
import { MemberRoutes, RemoveMemberHandler, SetMemberHandler } from './write/set-member.js';

/** Workspaces, their members and what each may do. */
@Module({
  controllers: [CreateWorkspaceRoute, ChangeWorkspaceRoute, MemberRoutes, WorkspaceQueries],
  providers: [
    CreateWorkspaceHandler,
    ChangeWorkspaceHandler,
    SetMemberHandler,
    RemoveMemberHandler,
    { provide: AccessControl, useClass: WorkspaceAccess },
  ],
  exports: [AccessControl],
})
export class WorkspacesModule {}

import { ApiProperty } from '@nestjs/swagger';

/** What every command on a workspace answers. */
export class WorkspaceCommandAnswer {
  @ApiProperty({ description: 'The workspace.' })
  readonly id!: string;

  @ApiProperty({ description: "The workspace's revision, as If-Match takes it." })
  readonly revision!: number;

  @ApiProperty({ description: 'What Read-After takes.' })
  readonly position!: string;
}

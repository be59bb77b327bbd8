import { ApiProperty } from '@nestjs/swagger';

/** What every command on an account answers. */
export class AccountCommandAnswer {
  @ApiProperty({ description: 'The account.' }) readonly id!: string;
  @ApiProperty({ description: "The account's revision, as If-Match takes it." }) readonly revision!: number;
  @ApiProperty({ description: 'What Read-After takes.' }) readonly position!: string;
}

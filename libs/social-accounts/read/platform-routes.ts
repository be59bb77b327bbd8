import { Controller, Get } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { QueryRoute, Reading } from '#http';
import { PLATFORM_CATALOGUE } from '../catalogue.js';
import { ACCOUNT_TYPES, METHODS, PLATFORMS, PlatformLogins } from '../platform.js';

export class MethodAnswer {
  @ApiProperty({ enum: METHODS }) readonly id!: string;
  @ApiProperty() readonly label!: string;
  @ApiProperty({ enum: ['oauth2', 'app-password', 'instance-oauth2'] }) readonly kind!: string;
}

export class SupportsAnswer {
  @ApiProperty() readonly location!: boolean;
  @ApiProperty() readonly devices!: boolean;
  @ApiProperty() readonly automaticRenewal!: boolean;
}

export class PlatformAnswer {
  @ApiProperty({ enum: PLATFORMS }) readonly id!: string;
  @ApiProperty() readonly name!: string;
  @ApiProperty({ type: [MethodAnswer] }) readonly methods!: readonly MethodAnswer[];
  @ApiProperty({ enum: ACCOUNT_TYPES, isArray: true }) readonly accountTypes!: readonly string[];
  @ApiProperty({ type: SupportsAnswer }) readonly supports!: SupportsAnswer;
  @ApiProperty() readonly configured!: boolean;
  @ApiProperty({ enum: ['live', 'sandbox', 'off'] }) readonly mode!: string;
}

@Controller('v1/platforms')
export class PlatformRoutes {
  constructor(private readonly logins: PlatformLogins) {}

  @Get()
  @QueryRoute({ summary: 'What can be connected, and how.', requires: 'authenticated', answer: [PlatformAnswer] })
  list(): Reading<readonly PlatformAnswer[]> {
    const platforms = PLATFORM_CATALOGUE.map(({ id, name, methods, accountTypes, supports }) => {
      const setUp = methods.flatMap((method) => this.logins.find(id, method.id)?.login ?? []);
      return {
        id,
        name,
        methods,
        accountTypes,
        supports,
        configured: setUp.length > 0,
        mode: setUp[0]?.mode ?? ('off' as const),
      };
    });
    return new Reading(platforms, null);
  }
}

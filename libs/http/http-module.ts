import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, DiscoveryModule } from '@nestjs/core';
import { Authorizer } from './access.js';
import { AccessGuard } from './access-guard.js';
import { GuessLimits } from './guess-limits.js';
import { HTTP_OPTIONS, type HttpOptions } from './http-options.js';
import { IdempotentRequests } from './idempotency.js';
import { Metrics } from './metrics.js';
import { ProblemFilter } from './problem-filter.js';
import { RouteInterceptor } from './route-interceptor.js';
import { RouteTable } from './route-table.js';

/**
 * The rules for every route. `TokenVerifier`, `AccessControl`, `Clock`, `VaultStore` and `AnswerSealer` come from
 * `imports`, or from global modules; `applyHttp` completes it on the application.
 */
@Module({})
export class HttpModule {
  static forRoot(options: HttpOptions, imports: NonNullable<DynamicModule['imports']> = []): DynamicModule {
    return {
      module: HttpModule,
      global: true,
      imports: [DiscoveryModule, ...imports],
      providers: [
        { provide: HTTP_OPTIONS, useValue: options },
        { provide: Metrics, useValue: new Metrics() },
        GuessLimits,
        Authorizer,
        RouteTable,
        IdempotentRequests,
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_INTERCEPTOR, useClass: RouteInterceptor },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
      exports: [Metrics, Authorizer, GuessLimits, RouteTable],
    };
  }
}

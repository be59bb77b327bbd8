import { type DynamicModule, Module } from '@nestjs/common';
import { Authorizer } from './access.js';
import { HTTP_OPTIONS, type HttpOptions } from './http-options.js';
import { Metrics } from './metrics.js';

/**
 * Offers what every route needs. `TokenVerifier`, `AccessControl`, `Clock`, `VaultStore` and `AnswerSealer` come from
 * `imports`, or from global modules.
 */
@Module({})
export class HttpModule {
  static forRoot(options: HttpOptions, imports: NonNullable<DynamicModule['imports']> = []): DynamicModule {
    return {
      module: HttpModule,
      global: true,
      imports,
      providers: [
        { provide: HTTP_OPTIONS, useValue: options },
        { provide: Metrics, useValue: new Metrics() },
        Authorizer,
      ],
      exports: [Metrics, Authorizer],
    };
  }
}

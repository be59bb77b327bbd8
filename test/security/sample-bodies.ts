import { type ApiDescription, resolve, type Schema } from './open-api.js';

/** Values of fields whose schema alone does not say what makes sense. */
export const SENSIBLE_VALUES: Readonly<Record<string, unknown>> = {
  ...{ name: 'Sample', timezone: 'UTC', expiringWindow: 'P20D', noticeSteps: ['P10D', 'P2D'] },
  ...{ userId: 'somebody', role: 'viewer', accountAccess: 'all' },
  ...{ platform: 'facebook', method: 'direct', accountType: 'page', returnUrl: '/', candidateIds: ['none'] },
  ...{ reconnectAccountId: 'acc_01hf3m7z8kfw2r5x9d4c6b1n0a', instance: 'example.com', credentials: {} },
  ...{ advance: 'PT0S', scope: 'openid', workspaces: [] },
};

/** A body that is valid: its required fields, with sensible values. Undefined where none is taken. */
export function sampleBody(schema: Schema | null, description: ApiDescription): unknown {
  if (schema === null) return undefined;
  const { properties = {}, required = [] } = resolve(schema, description);
  const fields = required.map((name) => [name, SENSIBLE_VALUES[name] ?? sampleOf(properties[name] ?? {})] as const);
  return Object.fromEntries(fields);
}

function sampleOf({ enum: values, type }: Schema): unknown {
  if (values) return values[0];
  return type === 'array' ? [] : type === 'object' ? {} : type === 'integer' || type === 'number' ? 1 : 'text';
}

import 'reflect-metadata';
import { plainToInstance, Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, IsUrl, Matches, Max, Min, validateSync } from 'class-validator';
import { ALL_ROLES, type Role } from './roles.js';

const toInteger = Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? Number(value) : value));
const WEB_ORIGIN = { require_tld: false, require_protocol: true, protocols: ['http', 'https'] };

/** The environment variables of the service, each with its default. `.env.example` lists them for people. */
export class Configuration {
  @IsOptional() @IsString() NODE_ENV?: string;
  @toInteger @IsInt() @Min(0) @Max(65_535) PORT = 3000;
  @IsString() HOST = '127.0.0.1';
  @IsOptional() @IsUrl(WEB_ORIGIN) PUBLIC_URL?: string;
  @IsString() DATA_DIR = './data';
  @Matches(/^(sqlite:$|esdb(\+discover)?:\/\/)/, {
    message: 'EVENT_STORE_URL must be sqlite: or an esdb:// connection string',
  })
  EVENT_STORE_URL = 'sqlite:';
  @Matches(/^(sqlite:$|mongodb(\+srv)?:\/\/)/, {
    message: 'READ_STORE_URL must be sqlite: or a mongodb:// connection string',
  })
  READ_STORE_URL = 'sqlite:';
  /** 32 bytes in base64; several, the newest first, separated by commas. */
  @IsOptional() @IsString() VAULT_MASTER_KEY?: string;

  @IsOptional() @IsIn(['0', '1']) SANDBOX?: '0' | '1';
  @toInteger @IsInt() @Min(0) @Max(65_535) SANDBOX_PORT = 3001;
  /** The sandbox that runs on its own, for the processes that take platforms, sessions and time from it. */
  @IsOptional() @IsUrl(WEB_ORIGIN) SANDBOX_URL?: string;
  /** The same sandbox as browsers reach it. */
  @IsOptional() @IsUrl(WEB_ORIGIN) SANDBOX_PUBLIC_URL?: string;
  @IsOptional() @IsIn(['0', '1']) SANDBOX_ANY_ADDRESS?: '0' | '1';

  @IsOptional() @IsUrl(WEB_ORIGIN) AUTH_JWKS_URL?: string;
  @IsOptional() @IsString() AUTH_ISSUER?: string;
  @IsOptional() @IsString() AUTH_AUDIENCE?: string;
  @IsOptional() @toInteger @IsInt() @Min(0) @Max(1_000_000) RATE_LIMIT_PER_MINUTE?: number;
  /** Origins that a returnUrl may lead to besides our own, separated by commas. */
  @IsString() RETURN_ORIGINS = '';
  /** Says that a proxy in front ends TLS: needed in production to listen on an address that is not loopback. */
  @IsOptional() @IsIn(['0', '1']) TLS_PROXY?: '0' | '1';
  @IsIn(['debug', 'info', 'warn', 'error', 'silent']) LOG_LEVEL = 'info';

  @IsOptional() @IsString() FACEBOOK_CLIENT_ID?: string;
  @IsOptional() @IsString() FACEBOOK_CLIENT_SECRET?: string;
  @IsOptional() @IsString() INSTAGRAM_CLIENT_ID?: string;
  @IsOptional() @IsString() INSTAGRAM_CLIENT_SECRET?: string;
  @IsOptional() @IsString() LINKEDIN_CLIENT_ID?: string;
  @IsOptional() @IsString() LINKEDIN_CLIENT_SECRET?: string;
  /** What the LinkedIn app is approved for: LinkedIn refuses a consent that asks for more. */
  @Matches(/^(profile|organization|profile,organization)$/, {
    message: 'LINKEDIN_ACCOUNT_TYPES must be profile, organization, or profile,organization',
  })
  LINKEDIN_ACCOUNT_TYPES = 'profile,organization';

  /** What this process does. Not a variable: each program has its own list. */
  #roles: readonly Role[] = ALL_ROLES;

  get roles(): readonly Role[] {
    return this.#roles;
  }

  takeRoles(roles: readonly Role[]): void {
    this.#roles = roles;
  }

  /** Whether other processes do what this one does not. */
  get isOneOfSeveral(): boolean {
    return ALL_ROLES.some((role) => !this.#roles.includes(role));
  }

  get isProduction(): boolean {
    return this.NODE_ENV === 'production';
  }

  /** On unless it is production or turned off. One of several processes carries none, and has one where it is told which. */
  get sandboxIsOn(): boolean {
    const isThere = !this.isOneOfSeveral || this.SANDBOX_URL !== undefined;
    return isThere && !this.isProduction && this.SANDBOX !== '0';
  }

  /** The sandbox that runs on its own, or null where there is none or this process carries it. */
  get sandboxUrl(): string | null {
    return this.sandboxIsOn && this.SANDBOX_URL !== undefined ? new URL(this.SANDBOX_URL).origin : null;
  }

  /** Whether a store, and with it DATA_DIR, belongs to this process alone. */
  get hasDataDirectory(): boolean {
    return this.EVENT_STORE_URL === 'sqlite:' || this.READ_STORE_URL === 'sqlite:';
  }

  /** The origin of redirect URIs, start links and cookies. */
  get publicUrl(): string {
    return new URL(this.PUBLIC_URL ?? `http://127.0.0.1:${this.PORT}`).origin;
  }

  get returnOrigins(): readonly string[] {
    return this.RETURN_ORIGINS.split(',')
      .map((origin) => origin.trim())
      .filter((origin) => origin !== '');
  }

  get rateLimitPerMinute(): number {
    return this.RATE_LIMIT_PER_MINUTE ?? (this.sandboxIsOn ? 0 : 6_000);
  }
}

/** Something about the environment is wrong: the start is refused with one sentence for each fault. */
export class ConfigurationRefused extends Error {
  override readonly name = 'ConfigurationRefused';

  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;
/** A key that documentation shows must protect nothing. */
const EXAMPLE_KEY = Buffer.alloc(32).toString('base64');
/** Everybody knows the key of `apps/sandbox/compose.env`. */
const SANDBOX_KEY = Buffer.from('sandbox key, protects nothing!!!').toString('base64');

/** Reads and checks the environment for a process of these roles. Empty variables count as missing. @throws ConfigurationRefused */
export function readConfiguration(
  environment: Readonly<Record<string, string | undefined>>,
  roles: readonly Role[] = ALL_ROLES,
): Configuration {
  const names = Object.keys(new Configuration());
  const given = Object.entries(environment).filter(
    ([name, value]) => value !== undefined && value !== '' && isKnown(name, names),
  );
  const configuration = plainToInstance(Configuration, Object.fromEntries(given), { exposeDefaultValues: true });
  configuration.takeRoles(roles);
  const faults = validateSync(configuration).flatMap((error) => Object.values(error.constraints ?? {}));
  const all = faults.length > 0 ? faults : contradictions(configuration);
  if (all.length > 0) throw new ConfigurationRefused(all);
  return configuration;
}

const isKnown = (name: string, names: readonly string[]): boolean =>
  names.includes(name) || /_CLIENT_(ID|SECRET)$/.test(name);

const contradictions = (configuration: Configuration): readonly string[] => [
  ...faultsOfAddresses(configuration),
  ...faultsOfSandbox(configuration),
  ...faultsOfAccess(configuration),
  ...faultsOfStores(configuration),
];

function faultsOfAddresses({ isProduction, HOST, TLS_PROXY }: Configuration): readonly string[] {
  if (!isProduction || LOOPBACK.test(HOST) || TLS_PROXY === '1') return [];
  return [`HOST ${HOST} is not loopback: put a proxy that ends TLS in front and say so with TLS_PROXY=1.`];
}

function faultsOfSandbox(configuration: Configuration): readonly string[] {
  const { isProduction, sandboxIsOn, sandboxUrl, HOST, SANDBOX_URL, SANDBOX_ANY_ADDRESS } = configuration;
  const faults: string[] = [];
  if (isProduction && configuration.SANDBOX === '1')
    faults.push('SANDBOX=1 is refused in production: the sandbox hands out sessions to anybody.');
  if (isProduction && SANDBOX_URL)
    faults.push('SANDBOX_URL is refused in production: the sandbox hands out sessions to anybody.');
  if (configuration.SANDBOX === '1' && configuration.isOneOfSeveral && !SANDBOX_URL)
    faults.push(
      'SANDBOX_URL must name the sandbox: of several processes none carries it; start it with start:sandbox.',
    );
  if (sandboxIsOn && !LOOPBACK.test(HOST) && SANDBOX_ANY_ADDRESS !== '1') {
    faults.push(
      `HOST ${HOST} is not loopback: the sandbox hands out sessions to anybody, so turn it off with SANDBOX=0.`,
    );
  }
  if (sandboxUrl && !LOOPBACK.test(new URL(sandboxUrl).hostname) && SANDBOX_ANY_ADDRESS !== '1')
    faults.push('SANDBOX_URL is not on a loopback address: whoever answers there hands out sessions to anybody.');
  return faults;
}

function faultsOfAccess(configuration: Configuration): readonly string[] {
  const { AUTH_JWKS_URL, AUTH_ISSUER, AUTH_AUDIENCE } = configuration;
  const faults: string[] = [];
  if (configuration.roles.includes('api') && !configuration.sandboxIsOn && !AUTH_JWKS_URL)
    faults.push('AUTH_JWKS_URL must name the key set of your identity provider where the sandbox is off.');
  if (AUTH_JWKS_URL && !(AUTH_ISSUER && AUTH_AUDIENCE)) {
    faults.push('AUTH_ISSUER and AUTH_AUDIENCE must say whose tokens, and for whom, AUTH_JWKS_URL verifies.');
  }
  for (const name of ['FACEBOOK', 'INSTAGRAM', 'LINKEDIN'] as const) {
    if (Boolean(configuration[`${name}_CLIENT_ID`]) !== Boolean(configuration[`${name}_CLIENT_SECRET`])) {
      faults.push(`${name}_CLIENT_ID and ${name}_CLIENT_SECRET go together; one of them is missing.`);
    }
  }
  return faults;
}

function faultsOfStores(configuration: Configuration): readonly string[] {
  const { EVENT_STORE_URL, READ_STORE_URL, VAULT_MASTER_KEY, isOneOfSeveral } = configuration;
  const faults: string[] = [];
  if (isOneOfSeveral && EVENT_STORE_URL === 'sqlite:')
    faults.push(
      'EVENT_STORE_URL must name an EventStoreDB (esdb://…): several processes cannot share an embedded store.',
    );
  if (isOneOfSeveral && READ_STORE_URL === 'sqlite:')
    faults.push('READ_STORE_URL must name a MongoDB (mongodb://…): several processes cannot share an embedded store.');
  const keys = VAULT_MASTER_KEY?.split(',').map((key) => key.trim()) ?? [];
  if (keys.includes(EXAMPLE_KEY) || (configuration.isProduction && keys.includes(SANDBOX_KEY)))
    faults.push('VAULT_MASTER_KEY is a key that everybody knows: make one of your own.');
  const isEmbedded = EVENT_STORE_URL === 'sqlite:' && READ_STORE_URL === 'sqlite:';
  if ((isOneOfSeveral || !isEmbedded) && !VAULT_MASTER_KEY)
    faults.push('VAULT_MASTER_KEY must be set where a store is not the embedded one: 32 bytes in base64.');
  return faults;
}

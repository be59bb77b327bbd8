import { PlatformLogins, type ConnectMethod, type MethodId, type PlatformId, type PlatformLogin } from './platform.js';

/** The logins that this process was set up with. */
export class ConfiguredLogins extends PlatformLogins {
  constructor(private readonly logins: readonly PlatformLogin[]) {
    super();
  }

  override find(
    platform: PlatformId,
    method: MethodId,
  ): { readonly login: PlatformLogin; readonly method: ConnectMethod } | null {
    for (const login of this.logins) {
      const found = login.methods.find((one) => one.platform === platform && one.id === method);
      if (found) return { login, method: found };
    }
    return null;
  }

  override byId(id: PlatformId): PlatformLogin | null {
    return this.logins.find((login) => login.id === id) ?? null;
  }

  override all(): readonly PlatformLogin[] {
    return this.logins;
  }
}

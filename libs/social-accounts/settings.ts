/** What this capability needs to know of the installation. */
export class SocialAccountsSettings {
  constructor(
    /** The origin of redirect URIs and start links, without a slash at the end. */
    readonly publicUrl: string,
    /** Further origins that a `returnUrl` may lead to. */
    readonly returnOrigins: readonly string[],
  ) {}

  /** Where a callback leads back to, or null when that is off the list. Paths are this service's own. */
  returnUrl(asked: string | undefined): string | null {
    if (asked === undefined) return '/';
    const url = parseUrl(asked, this.publicUrl);
    if (!url || url.username !== '' || url.password !== '') return null;
    return [this.publicUrl, ...this.returnOrigins].includes(url.origin) ? url.href : null;
  }

  redirectUri(login: string): string {
    return `${this.publicUrl}/v1/oauth/${login}/callback`;
  }

  startUrl(startSecret: string): string {
    return `${this.publicUrl}/v1/oauth/start/${startSecret}`;
  }

  /** Name and attributes of the browser's flow cookie. */
  get flowCookie(): { readonly name: string; readonly attributes: string } {
    const secure = this.publicUrl.startsWith('https:');
    return {
      name: secure ? '__Host-social-accounts-flow' : 'social-accounts-flow',
      attributes: `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`,
    };
  }
}

function parseUrl(text: string, base: string): URL | null {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}

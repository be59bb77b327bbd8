import { Secret } from '#kernel';
import type { PlatformFailure } from '#social-accounts';
import { z } from 'zod';
import { parseJson, type PlatformHttp } from './platform-http.js';
import { tokenText } from './provider-values.js';

/** What a grant of one of these platforms keeps. */
export interface GrantTokens {
  readonly accessToken: Secret;
  readonly refreshToken: Secret | null;
}

const sealedShape = z.object({ accessToken: tokenText, refreshToken: tokenText.optional() });

/** The one JSON text that holds a grant's tokens. */
export function sealTokens({ accessToken, refreshToken }: GrantTokens): Secret {
  return accessToken.use(
    (access) =>
      new Secret(
        JSON.stringify({ accessToken: access, ...refreshToken?.use((refresh) => ({ refreshToken: refresh })) }),
      ),
  );
}

/** Reads what `sealTokens` wrote. Another text is a failure of kind `other`: it says nothing about the grant at the platform. */
export function openTokens(secrets: Secret, http: PlatformHttp): GrantTokens | PlatformFailure {
  const parsed = sealedShape.safeParse(secrets.use(parseJson));
  if (!parsed.success) return http.failure('other');
  const { accessToken, refreshToken } = parsed.data;
  return {
    accessToken: new Secret(accessToken),
    refreshToken: refreshToken === undefined ? null : new Secret(refreshToken),
  };
}

import { fastifyCookie } from '@fastify/cookie';

/** A cookie that only this origin's own requests bring, and that no script reads. */
export interface OriginCookie {
  readonly name: string;
  readonly value: string;
  /** The origin that sets it (`RequestContext.baseUrl`): under TLS the cookie is bound to it by name. */
  readonly baseUrl: string;
  /** Without it the cookie ends with the browser. 0 takes the cookie away. */
  readonly maxAgeSeconds?: number;
}

/** The name under which the cookie is sent: with the prefix `__Host-` under TLS. */
export const originCookieName = (name: string, baseUrl: string): string =>
  isSecure(baseUrl) ? `__Host-${name}` : name;

/** The whole `Set-Cookie` value: `HttpOnly`, `SameSite=Lax`, `Path=/`, and `Secure` under TLS. */
export function originCookie({ name, value, baseUrl, maxAgeSeconds }: OriginCookie): string {
  return fastifyCookie.serialize(originCookieName(name, baseUrl), value, {
    httpOnly: true,
    sameSite: 'lax',
    path: '/',
    secure: isSecure(baseUrl),
    ...(maxAgeSeconds === undefined ? {} : { maxAge: maxAgeSeconds }),
  });
}

const isSecure = (baseUrl: string): boolean => baseUrl.startsWith('https:');

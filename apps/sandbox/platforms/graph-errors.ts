import { randomBytes } from 'node:crypto';
import type { FoundSecret } from '../grants.js';
import type { CodeExchange, Endpoint, FaultInOwnWords, Reply } from '../platform.js';

/** Graph API error codes. Source: the Graph API's "Handling errors" page. */
const CODE = {
  unknown: 1,
  service: 2,
  tooManyCalls: 4,
  parameter: 100,
  application: 101,
  token: 190,
  permission: 200,
} as const;

const SUBCODE = {
  appRemoved: 458,
  expired: 463,
  noRole: 492,
  missingObject: 33,
  codeExpired: 36007,
  redirect: 36008,
  codeUsed: 36009,
} as const;

interface ErrorDetails {
  readonly subcode?: number;
  readonly status?: number;
  readonly transient?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

function graphError(code: number, message: string, details: ErrorDetails = {}): Reply {
  return {
    status: details.status ?? 400,
    headers: {
      // Facebook's own scheme, message and all.
      'www-authenticate': `OAuth "Facebook Platform" "${code === CODE.token ? 'invalid_token' : 'invalid_request'}" "${message.replace(/"/g, "'")}"`,
      ...details.headers,
    },
    body: {
      error: {
        message,
        type: 'OAuthException',
        ...(details.transient === true ? { is_transient: true } : {}),
        code,
        ...(details.subcode === undefined ? {} : { error_subcode: details.subcode }),
        fbtrace_id: `A${randomBytes(16).toString('base64url')}`,
      },
    },
  };
}

export function invalidParameter(message: string): Reply {
  return graphError(CODE.parameter, `(#100) ${message}`);
}

export function missingPermission(message: string): Reply {
  return graphError(CODE.permission, `(#200) ${message}`, { status: 403 });
}

/** What exists is told apart from what does not by nobody without a right to it. */
export function missingObject(id: string): Reply {
  return graphError(
    CODE.parameter,
    `Unsupported request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation`,
    { subcode: SUBCODE.missingObject },
  );
}

/** A Page token whose person has no role on the Page any more. */
export function lostRole(): Reply {
  return graphError(
    CODE.token,
    'Error validating access token: The user associated with the Page access token does not have an appropriate role on the Page.',
    { subcode: SUBCODE.noRole },
  );
}

/** Why a token is refused. Graph quotes a token that it cannot read, which is how tokens get into logs. */
export function deadToken(token: string, found: FoundSecret | undefined): Reply {
  if (token === '') {
    return graphError(CODE.token, 'An active access token must be used to query information about the current user.');
  }
  if (found === undefined) return graphError(CODE.token, `Malformed access token ${token}`);
  if (found.standing === 'revoked') {
    return graphError(
      CODE.token,
      `Error validating access token: The user has not authorized application ${found.grant.clientId}.`,
      { subcode: SUBCODE.appRemoved },
    );
  }
  const end = found.standing === 'ended' ? found.grant.endsAt : found.expiresAt;
  return graphError(
    CODE.token,
    found.standing === 'ended'
      ? `Error validating access token: The user's access to data has expired on ${String(end?.toUTCString())}. The user must log in again.`
      : `Error validating access token: Session has expired on ${String(end?.toUTCString())}.`,
    { subcode: SUBCODE.expired },
  );
}

export function clientError(fault: 'client' | 'secret'): Reply {
  return fault === 'client'
    ? graphError(CODE.application, 'Error validating application. Cannot get application info due to a system error.')
    : graphError(CODE.unknown, 'Error validating client secret.');
}

export function codeError(fault: Extract<CodeExchange, { ok: false }>['fault']): Reply {
  switch (fault) {
    case 'client':
    case 'secret':
      return clientError(fault);
    case 'used':
      return graphError(CODE.parameter, 'This authorization code has been used.', { subcode: SUBCODE.codeUsed });
    case 'expired':
      return graphError(CODE.parameter, 'This authorization code has expired.', { subcode: SUBCODE.codeExpired });
    case 'mismatch':
      return graphError(
        CODE.parameter,
        'Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request',
        { subcode: SUBCODE.redirect },
      );
    case 'unknown':
      return graphError(CODE.parameter, 'Invalid verification code format.');
  }
}

/** The faults of both Graph hosts. A limit is told by code 4 and the usage header, not by Retry-After. */
export function graphFault(fault: FaultInOwnWords, _endpoint: Endpoint): Reply {
  switch (fault) {
    case '429':
      return graphError(CODE.tooManyCalls, '(#4) Application request limit reached', {
        status: 429,
        transient: true,
        headers: { 'x-app-usage': JSON.stringify({ call_count: 100, total_cputime: 20, total_time: 20 }) },
      });
    case '500':
      return graphError(CODE.service, 'An unexpected error has occurred. Please retry your request later.', {
        status: 500,
        transient: true,
      });
    case 'invalid_grant':
      return graphError(
        CODE.token,
        'Error validating access token: The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons.',
        { subcode: 460 },
      );
  }
}

import type { Secret } from '#kernel';
import { type PlatformHttp, type TimeBudget } from '#platform-http';
import { PlatformFailure } from '#social-accounts';
import type { z } from 'zod';
import {
  type MemberAnswer,
  memberAnswer,
  type OrganizationAnswer,
  organizationAnswer,
  rolesAnswer,
  vanityAnswer,
} from './answers.js';
import { LINKEDIN_VERSION } from './bases.js';
import { classifyApiError } from './errors.js';

const ROLES_PER_CALL = 100;
const ROLES_LIMIT_CALLS = 10;
/** The roles that may post as the organisation. LinkedIn's pages call the second by both names. */
const POSTING_ROLES = ['ADMINISTRATOR', 'CONTENT_ADMINISTRATOR', 'CONTENT_ADMIN'];
const ORGANIZATION_URN = /^urn:li:organization:(\d{1,20})$/;

/** An organisation in which a member has a role. */
export interface OrganizationRole {
  readonly organizationId: string;
  readonly mayPost: boolean;
}

/** Reading calls of LinkedIn's API. */
export class LinkedInApi {
  constructor(
    private readonly http: PlatformHttp,
    private readonly base: string,
  ) {}

  readMember(token: Secret, budget?: TimeBudget): Promise<MemberAnswer | PlatformFailure> {
    return this.#get('/v2/userinfo', {}, token, memberAnswer, budget);
  }

  /** The name in the address of the member's profile; null where LinkedIn does not give it. */
  async readVanityName(token: Secret, budget: TimeBudget): Promise<string | null | PlatformFailure> {
    const answer = await this.#get('/v2/me', {}, token, vanityAnswer, budget);
    if (!(answer instanceof PlatformFailure)) return answer.vanityName;
    return answer.kind === 'missing-permission' ? null : answer;
  }

  readOrganization(id: string, token: Secret, budget: TimeBudget): Promise<OrganizationAnswer | PlatformFailure> {
    return this.#get(`/rest/organizations/${encodeURIComponent(id)}`, {}, token, organizationAnswer, budget);
  }

  /** Every organisation in which the member has an approved role, each once. */
  async listRoles(
    token: Secret,
    budget?: TimeBudget,
  ): Promise<{ readonly roles: readonly OrganizationRole[]; readonly complete: boolean } | PlatformFailure> {
    const mayPost = new Map<string, boolean>();
    const listed = (complete: boolean) => ({
      roles: [...mayPost].map(([organizationId, may]) => ({ organizationId, mayPost: may })),
      complete,
    });
    for (let calls = 0; calls < ROLES_LIMIT_CALLS && budget?.isSpent() !== true; calls += 1) {
      const start = calls * ROLES_PER_CALL;
      const parameters = { q: 'roleAssignee', state: 'APPROVED', start: String(start), count: String(ROLES_PER_CALL) };
      const answer = await this.#get('/rest/organizationAcls', parameters, token, rolesAnswer, budget);
      if (answer instanceof PlatformFailure) return answer;
      for (const { role, state, organization } of answer.elements) {
        const id = ORGANIZATION_URN.exec(organization)?.[1];
        if (id === undefined || state !== 'APPROVED') continue;
        mayPost.set(id, mayPost.get(id) === true || POSTING_ROLES.includes(role));
      }
      if (!hasMore(answer, start)) return listed(true);
    }
    return listed(false);
  }

  #get<Shape extends z.ZodType>(
    path: string,
    parameters: Readonly<Record<string, string>>,
    token: Secret,
    shape: Shape,
    budget: TimeBudget | undefined,
  ): Promise<z.output<Shape> | PlatformFailure> {
    const url = new URL(`${this.base}${path}`);
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    const headers = token.use((text) => ({
      authorization: `Bearer ${text}`,
      'linkedin-version': LINKEDIN_VERSION,
      'x-restli-protocol-version': '2.0.0',
    }));
    return this.http.sendForJson({ url, headers, repeat: 'always', classify: classifyApiError, budget }, shape);
  }
}

function hasMore({ elements, paging }: z.output<typeof rolesAnswer>, start: number): boolean {
  if (paging?.links?.some(({ rel }) => rel === 'next') === true) return true;
  const total = paging?.total ?? null;
  return total === null ? elements.length >= ROLES_PER_CALL : start + ROLES_PER_CALL < total;
}

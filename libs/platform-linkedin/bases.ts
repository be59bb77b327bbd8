/** The hosts of LinkedIn, without a slash at the end. */
export interface LinkedInBases {
  /** Where people are sent to, where codes are exchanged, and where profiles are shown. */
  readonly www: string;
  readonly api: string;
}

export const LINKEDIN_LIVE_BASES: LinkedInBases = {
  www: 'https://www.linkedin.com',
  api: 'https://api.linkedin.com',
};

/** LinkedIn as the sandbox plays it. */
export function linkedinSandboxBases(sandboxUrl: string): LinkedInBases {
  return { www: `${sandboxUrl}/linkedin/www`, api: `${sandboxUrl}/linkedin/api` };
}

/** LinkedIn ends a version about a year after its month; its page on versioning lists them. */
export const LINKEDIN_VERSION = '202606';

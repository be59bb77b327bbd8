/** The hosts of Instagram, without a slash at the end. */
export interface InstagramBases {
  /** Where people are sent to, and where profiles are shown. */
  readonly www: string;
  /** Where codes are exchanged. */
  readonly api: string;
  readonly graph: string;
}

export const INSTAGRAM_LIVE_BASES: InstagramBases = {
  www: 'https://www.instagram.com',
  api: 'https://api.instagram.com',
  graph: 'https://graph.instagram.com',
};

/** Instagram as the sandbox plays it. */
export function instagramSandboxBases(sandboxUrl: string): InstagramBases {
  return {
    www: `${sandboxUrl}/instagram/www`,
    api: `${sandboxUrl}/instagram/api`,
    graph: `${sandboxUrl}/instagram/graph`,
  };
}

/** Meta ends a version about two years after it came out; the changelog of the Graph API says when. */
export const GRAPH_VERSION = 'v23.0';

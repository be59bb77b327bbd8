/** The hosts of Facebook, without a slash at the end. */
export interface FacebookBases {
  /** Where people are sent to, and where Pages are shown. */
  readonly www: string;
  readonly graph: string;
}

export const FACEBOOK_LIVE_BASES: FacebookBases = {
  www: 'https://www.facebook.com',
  graph: 'https://graph.facebook.com',
};

/** Facebook as the sandbox plays it. */
export function facebookSandboxBases(sandboxUrl: string): FacebookBases {
  return { www: `${sandboxUrl}/facebook/www`, graph: `${sandboxUrl}/facebook/graph` };
}

/** Meta ends a version about two years after it came out; the changelog of the Graph API says when. */
export const GRAPH_VERSION = 'v23.0';

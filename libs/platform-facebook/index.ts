export { FACEBOOK_LIVE_BASES, facebookSandboxBases } from './bases.js';
export type { FacebookBases } from './bases.js';
export { FacebookLogin } from './facebook-login.js';
export type { FacebookLoginOptions } from './facebook-login.js';
export { FACEBOOK_METHODS } from './methods.js';

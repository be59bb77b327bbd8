export { INSTAGRAM_LIVE_BASES, instagramSandboxBases } from './bases.js';
export type { InstagramBases } from './bases.js';
export { InstagramLogin } from './instagram-login.js';
export type { InstagramLoginOptions } from './instagram-login.js';
export { INSTAGRAM_METHODS } from './methods.js';

export { LINKEDIN_LIVE_BASES, linkedinSandboxBases } from './bases.js';
export type { LinkedInBases } from './bases.js';
export { LinkedInLogin } from './linkedin-login.js';
export type { LinkedInLoginOptions } from './linkedin-login.js';
export { LINKEDIN_METHODS } from './methods.js';
export type { LinkedInAccountType } from './methods.js';

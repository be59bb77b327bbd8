import type { SandboxPlatform } from '../platform.js';
import { facebook } from './facebook.js';
import { instagram } from './instagram.js';
import { linkedin } from './linkedin.js';

/** Every platform that the sandbox stands in for. */
export const allPlatforms: readonly SandboxPlatform[] = [facebook, instagram, linkedin];

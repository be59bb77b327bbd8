import { swcOptions } from './scripts/swc.mjs';

/** Jest runs the sources as ES modules; `cookie` and `content-disposition` are ESM that Fastify's plugins require, so they alone are turned into CommonJS. */
const typescript = { ...swcOptions, sourceMaps: 'inline' };

const project = (displayName, testMatch) => ({
  displayName,
  testMatch,
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^#([a-z0-9-]+)$': '<rootDir>/libs/$1/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/data'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', typescript],
    'node_modules/(cookie|content-disposition)/.+\\.js$': ['@swc/jest', { module: { type: 'commonjs' } }],
  },
  transformIgnorePatterns: ['node_modules/(?!(cookie|content-disposition)/)'],
});

export default {
  testTimeout: 30_000,
  projects: [
    project('unit', ['<rootDir>/libs/**/*.spec.ts', '<rootDir>/apps/**/*.spec.ts']),
    project('contract', ['<rootDir>/test/contract/**/*.spec.ts']),
    project('api', ['<rootDir>/test/api/**/*.spec.ts']),
    project('model', ['<rootDir>/test/model/**/*.spec.ts']),
    project('architecture', ['<rootDir>/test/architecture/**/*.spec.ts']),
    project('security', ['<rootDir>/test/security/**/*.spec.ts']),
    project('simulation', ['<rootDir>/test/simulation/**/*.spec.ts']),
    project('topology', ['<rootDir>/test/topology/**/*.spec.ts']),
    project('crash', ['<rootDir>/test/crash/**/*.spec.ts']),
    project('e2e', ['<rootDir>/test/e2e/**/*.spec.ts']),
  ],
};

// The boundaries of the code. `npm run boundaries` checks them; test/architecture/boundaries.spec.ts shows that each one fires.

/** Code that only tests load: it may look anywhere. */
const TEST_CODE = '(\\.spec\\.tsx?$|/spec-[a-z-]+\\.ts$|^libs/[^/]+/testing/|^test/)';
const STORES = '(event-store|read-store|vault)-[a-z]+';
const PLATFORMS = 'platform-[a-z-]+';
/** Libraries that are no capability: the ground that all stand on, the adapters, and what puts them together. */
const INFRASTRUCTURE = `(kernel|contract|http|runtime|${STORES}|${PLATFORMS})`;

/** Where one library's inside needs a look at another part, each with its reason. */
const DOMAIN_MAY_IMPORT = [
  '^libs/$1/(domain/|platform\\.ts$)',
  '^libs/kernel/index\\.ts$',
  // Schemas of events, and calendar arithmetic: pure computing, no input and no output.
  'node_modules/(zod|temporal-polyfill)/',
  // The names of permissions, as types: routes declare them, roles are lists of them.
  '^libs/http/index\\.ts$',
];
const READ_BY_WRITE = [
  // An answer is given once the caller can read what it says: this file waits until these two read models have reached it.
  {
    from: 'libs/social-accounts/write/outcome-of-connection.ts',
    to: 'libs/social-accounts/read/(accounts|connections).ts',
  },
];
const WRITE_BY_READ = [
  // What a person can pick from is personal and short-lived: it lies sealed in the vault, not in rows.
  { from: 'libs/social-accounts/read/connection-routes.ts', to: 'libs/social-accounts/write/(attempts|candidates).ts' },
];

const exactly = (path) => `^${path.replaceAll('.', '\\.')}$`;

/** A rule with named exceptions: the rest may not; each exception may look at what it names, and no further. */
const withExceptions = (rule, exceptions) => [
  { ...rule, from: { ...rule.from, pathNot: [TEST_CODE, ...exceptions.map(({ from }) => exactly(from))] } },
  ...exceptions.map(({ from, to }, index) => ({
    ...rule,
    name: `${rule.name}-exception-${index + 1}`,
    from: { path: exactly(from) },
    to: { ...rule.to, pathNot: [...(rule.to.pathNot ? [rule.to.pathNot] : []), exactly(to)] },
  })),
];

const forbidden = [
  {
    name: 'no-cycles',
    comment: 'Files that need each other are one file, or hide a third.',
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'everything-resolves',
    comment: 'What is imported exists and is installed.',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'no-development-packages-at-run-time',
    comment:
      'What runs in production needs production dependencies alone. The page is bundled, so its packages are not there then.',
    from: {
      path: '^(libs|apps)/',
      // Lets the writer's thread run from its source, in tests and nowhere else.
      pathNot: [TEST_CODE, '^apps/web/', '^libs/event-store-sqlite/run-typescript\\.mjs$'],
    },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'nothing-runs-on-test-code',
    comment: 'Specs and their support are not part of any program.',
    from: { path: '^(libs|apps)/', pathNot: TEST_CODE },
    to: { path: TEST_CODE },
  },
  {
    name: 'kernel-stands-alone',
    comment: 'The kernel depends on nothing of ours.',
    from: { path: '^libs/kernel/', pathNot: TEST_CODE },
    to: { path: '^(libs|apps|test)/', pathNot: '^libs/kernel/' },
  },
  {
    name: 'contract-stands-alone',
    comment: 'The API types are for other programs, which have nothing else of ours.',
    from: { path: '^libs/contract/', pathNot: TEST_CODE },
    to: { path: '^(libs|apps|test)/', pathNot: '^libs/contract/' },
  },
  {
    name: 'http-knows-the-kernel-alone',
    comment: 'The rules for every route know no capability.',
    from: { path: '^libs/http/', pathNot: TEST_CODE },
    to: { path: '^(libs|apps|test)/', pathNot: '^libs/(http|kernel)/' },
  },
  {
    name: 'libraries-are-entered-by-their-door',
    comment: "A library's inside is its own; others use what index.ts names.",
    from: { path: '^libs/([^/]+)/', pathNot: TEST_CODE },
    to: { path: '^libs/[^/]+/', pathNot: ['^libs/$1/', '^libs/[^/]+/index\\.ts$'] },
  },
  {
    name: 'apps-enter-libraries-by-their-door',
    comment: "A library's inside is its own; apps use what index.ts names.",
    from: { path: '^apps/', pathNot: TEST_CODE },
    to: { path: '^libs/', pathNot: '^libs/[^/]+/index\\.ts$' },
  },
  {
    name: 'runtime-chooses-the-adapters',
    comment: 'Only the runtime and the apps put ports and adapters together.',
    from: { path: '^(libs/|apps/(web|sandbox)/)', pathNot: [TEST_CODE, `^libs/(runtime|${STORES}|${PLATFORMS})/`] },
    to: { path: `^libs/(${STORES}|${PLATFORMS})/` },
  },
  {
    name: 'stores-know-the-kernel-alone',
    comment: 'A store adapter implements ports of the kernel, and knows no other store.',
    from: { path: '^libs/((event-store|read-store)-[a-z]+)/', pathNot: TEST_CODE },
    to: { path: '^(libs|apps|test)/', pathNot: ['^libs/$1/', '^libs/kernel/'] },
  },
  {
    name: 'vaults-know-the-kernel-and-their-database',
    comment:
      "A vault implements a port of the kernel, and shares how its database is opened with that database's read store.",
    from: { path: '^libs/vault-([a-z]+)/', pathNot: TEST_CODE },
    to: {
      path: '^(libs|apps|test)/',
      pathNot: ['^libs/vault-$1/', '^libs/read-store-$1/index\\.ts$', '^libs/kernel/'],
    },
  },
  {
    name: 'platforms-know-the-port-and-each-other',
    comment: 'A platform adapter implements the port of social-accounts, over the shared HTTP client.',
    from: { path: `^libs/${PLATFORMS}/`, pathNot: TEST_CODE },
    to: { path: '^(libs|apps|test)/', pathNot: `^libs/(${PLATFORMS}|kernel|social-accounts)/` },
  },
  {
    name: 'nobody-builds-on-the-runtime',
    comment: 'The runtime puts libraries together for the apps.',
    from: { path: '^libs/', pathNot: ['^libs/runtime/', TEST_CODE] },
    to: { path: '^libs/runtime/' },
  },
  {
    name: 'sqlite-driver-in-sqlite-adapters',
    comment: 'A driver is imported by its adapters and by test support. The sandbox keeps its own small database.',
    from: { pathNot: [TEST_CODE, '^libs/(event-store|read-store|vault)-sqlite/', '^apps/sandbox/database\\.ts$'] },
    to: { path: 'node_modules/(@types/)?better-sqlite3/' },
  },
  {
    name: 'mongodb-driver-in-mongodb-adapters',
    comment: 'A driver is imported by its adapters and by test support.',
    from: { path: '^(libs|apps)/', pathNot: [TEST_CODE, '^libs/(read-store|vault)-mongodb/'] },
    to: { path: 'node_modules/mongodb/' },
  },
  {
    name: 'eventstoredb-driver-in-its-adapter',
    comment: 'A driver is imported by its adapter and by test support.',
    from: { path: '^(libs|apps)/', pathNot: [TEST_CODE, '^libs/event-store-eventstoredb/'] },
    to: { path: 'node_modules/@eventstore/db-client/' },
  },
  {
    name: 'domain-stands-alone',
    comment: 'Decisions and folds need the kernel, the words of the platforms, and nothing that reaches outside.',
    from: { path: '^libs/([^/]+)/domain/', pathNot: TEST_CODE },
    to: { pathNot: DOMAIN_MAY_IMPORT },
  },
  {
    name: 'domain-knows-http-by-types-alone',
    comment: 'The names of permissions are types; nothing of HTTP runs in a decision.',
    from: { path: '^libs/[^/]+/domain/', pathNot: TEST_CODE },
    to: { path: '^libs/http/', dependencyTypesNot: ['type-only'] },
  },
  ...withExceptions(
    {
      name: 'write-reads-no-read-model',
      comment: 'A command is decided from its stream, never from rows that may be behind it.',
      from: { path: '^libs/[^/]+/write/' },
      to: { path: '^libs/[^/]+/read/' },
    },
    READ_BY_WRITE,
  ),
  ...withExceptions(
    {
      name: 'read-decides-nothing',
      comment: 'A query answers from rows.',
      from: { path: '^libs/[^/]+/read/' },
      // Who may see an account is one function, for commands and queries alike.
      to: { path: '^libs/[^/]+/write/', pathNot: '^libs/social-accounts/write/account-gate\\.ts$' },
    },
    WRITE_BY_READ,
  ),
  {
    name: 'read-and-automation-are-apart',
    comment: 'An automation keeps its own to-do rows, and a query starts nothing.',
    from: { path: '^libs/[^/]+/(read|automation)/', pathNot: TEST_CODE },
    to: { path: '^libs/[^/]+/(read|automation)/', pathNot: '^libs/[^/]+/$1/' },
  },
  {
    name: 'write-and-automation-one-way',
    comment: 'An automation sends commands; a command does not know who follows it.',
    from: { path: '^libs/[^/]+/write/', pathNot: TEST_CODE },
    to: { path: '^libs/[^/]+/automation/' },
  },
  {
    name: 'nobody-imports-apps',
    comment: 'An app is the end of the line.',
    from: { path: '^libs/', pathNot: TEST_CODE },
    to: { path: '^apps/' },
  },
  {
    name: 'apps-stand-apart',
    comment: 'Apps do not import each other; the standalone one carries the sandbox.',
    from: { path: '^apps/([^/]+)/', pathNot: TEST_CODE },
    to: { path: '^apps/', pathNot: ['^apps/$1/', '^apps/sandbox/index\\.ts$'] },
  },
  {
    name: 'only-standalone-carries-the-sandbox',
    comment: 'Nothing else of ours may depend on the stand-ins.',
    from: { path: '^apps/', pathNot: ['^apps/(standalone|sandbox)/', TEST_CODE] },
    to: { path: '^apps/sandbox/' },
  },
  {
    name: 'sandbox-stands-alone',
    comment: 'A stand-in that shared code with the adapters would share their mistakes.',
    from: { path: '^apps/sandbox/', pathNot: TEST_CODE },
    to: { path: '^libs/' },
  },
  {
    name: 'web-speaks-the-contract',
    comment: 'The page knows the service by its API alone.',
    from: { path: '^apps/web/', pathNot: TEST_CODE },
    to: { path: '^(libs|apps)/', pathNot: ['^apps/web/', '^libs/contract/'] },
  },
  {
    name: 'capabilities-reach-outside-through-ports',
    comment: 'Capabilities reach the outside through ports: no files, sockets or processes.',
    from: { path: '^libs/', pathNot: [TEST_CODE, `^libs/${INFRASTRUCTURE}/`] },
    to: { path: '^(node:)?(fs|fs/promises|net|tls|http|http2|https|child_process|worker_threads|cluster|dgram|dns)$' },
  },
];

export default {
  forbidden: forbidden.map((rule) => ({ severity: 'error', ...rule })),
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|data|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'types', 'node', 'default', 'require'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.d.ts', '.json', '.css'],
    },
  },
};

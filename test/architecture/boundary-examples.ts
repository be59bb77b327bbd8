/** One file that breaks a rule of the boundaries, and what else has to exist for it. */
export interface BrokenBoundary {
  readonly rule: string;
  readonly file: string;
  /** What the file imports. */
  readonly imports: string;
  /** Files that the import leads through or to, each with its content. */
  readonly others?: Readonly<Record<string, string>>;
}

const breaks = (
  rule: string,
  file: string,
  imports: string,
  others: Readonly<Record<string, string>> = {},
): BrokenBoundary => ({ rule, file, imports, others });

/** At least one example for every rule of `.dependency-cruiser.mjs`. */
export const BROKEN_BOUNDARIES: readonly BrokenBoundary[] = [
  breaks('no-cycles', 'libs/kernel/one.ts', './other.js', {
    'libs/kernel/other.ts': "import { value as one } from './one.js';\nexport const value = one;\n",
  }),
  breaks('everything-resolves', 'libs/kernel/lost.ts', './nowhere.js'),
  breaks('no-development-packages-at-run-time', 'libs/runtime/tool.ts', 'development-tool'),
  breaks('nothing-runs-on-test-code', 'libs/kernel/tested.ts', './some.spec.js', {
    'libs/kernel/some.spec.ts': 'export const value = 1;\n',
  }),
  breaks('nothing-runs-on-test-code', 'libs/http/tested.ts', './testing/sample.js', {
    'libs/http/testing/sample.ts': 'export const value = 1;\n',
  }),
  breaks('kernel-stands-alone', 'libs/kernel/eager.ts', '#workspaces'),
  breaks('contract-stands-alone', 'libs/contract/eager.ts', '#kernel'),
  breaks('http-knows-the-kernel-alone', 'libs/http/eager.ts', '#workspaces'),
  breaks('libraries-are-entered-by-their-door', 'libs/social-accounts/window.ts', '../workspaces/inside.js'),
  breaks('apps-enter-libraries-by-their-door', 'apps/standalone/window.ts', '../../libs/workspaces/inside.js'),
  breaks('runtime-chooses-the-adapters', 'libs/workspaces/chooser.ts', '#event-store-sqlite'),
  breaks('runtime-chooses-the-adapters', 'libs/social-accounts/chooser.ts', '#platform-facebook'),
  breaks('stores-know-the-kernel-alone', 'libs/event-store-sqlite/eager.ts', '#read-store-sqlite'),
  breaks('stores-know-the-kernel-alone', 'libs/read-store-sqlite/eager.ts', '#workspaces'),
  breaks('vaults-know-the-kernel-and-their-database', 'libs/vault-sqlite/eager.ts', '#event-store-sqlite'),
  breaks('platforms-know-the-port-and-each-other', 'libs/platform-facebook/eager.ts', '#workspaces'),
  breaks('nobody-builds-on-the-runtime', 'libs/social-accounts/eager.ts', '#runtime'),
  breaks('sqlite-driver-in-sqlite-adapters', 'libs/runtime/database.ts', 'better-sqlite3'),
  breaks('mongodb-driver-in-mongodb-adapters', 'libs/runtime/documents.ts', 'mongodb'),
  breaks('eventstoredb-driver-in-its-adapter', 'libs/runtime/log.ts', '@eventstore/db-client'),
  breaks('domain-stands-alone', 'libs/workspaces/domain/eager.ts', '../write/change.js'),
  breaks('domain-stands-alone', 'libs/workspaces/domain/dice.ts', 'node:crypto'),
  breaks('domain-stands-alone', 'libs/social-accounts/domain/neighbour.ts', '#workspaces'),
  breaks('domain-knows-http-by-types-alone', 'libs/workspaces/domain/permissions.ts', '#http'),
  breaks('write-reads-no-read-model', 'libs/workspaces/write/lazy.ts', '../read/rows.js'),
  breaks(
    'write-reads-no-read-model-exception-1',
    'libs/social-accounts/write/outcome-of-connection.ts',
    '../read/other.js',
  ),
  breaks('read-decides-nothing', 'libs/workspaces/read/bold.ts', '../write/change.js'),
  breaks('read-decides-nothing-exception-1', 'libs/social-accounts/read/connection-routes.ts', '../write/other.js'),
  breaks('read-and-automation-are-apart', 'libs/workspaces/read/starter.ts', '../automation/policy.js'),
  breaks('read-and-automation-are-apart', 'libs/workspaces/automation/reader.ts', '../read/rows.js'),
  breaks('write-and-automation-one-way', 'libs/workspaces/write/impatient.ts', '../automation/policy.js'),
  breaks('nobody-imports-apps', 'libs/runtime/embedded.ts', '../../apps/sandbox/index.js'),
  breaks('apps-stand-apart', 'apps/sandbox/neighbour.ts', '../standalone/standalone.js'),
  breaks('only-standalone-carries-the-sandbox', 'apps/cli/shortcut.ts', '../sandbox/index.js'),
  breaks('sandbox-stands-alone', 'apps/sandbox/borrowed.ts', '#platform-facebook'),
  breaks('web-speaks-the-contract', 'apps/web/src/shortcut.ts', '#kernel'),
  breaks('capabilities-reach-outside-through-ports', 'libs/workspaces/files.ts', 'node:fs'),
];

/** What may be imported: none of it may fire a rule. */
export const KEPT_BOUNDARIES: Readonly<Record<string, string>> = {
  'libs/workspaces/domain/fold.ts':
    "import { value } from '#kernel';\nimport { z } from 'zod';\nexport const fold = [value, z];\n",
  'libs/workspaces/domain/roles.ts': "import type { value } from '#http';\nexport type Role = typeof value;\n",
  'libs/workspaces/write/command.ts': "import { fold } from '../domain/fold.js';\nexport const command = fold;\n",
  'libs/workspaces/automation/follower.ts':
    "import { value } from '../write/change.js';\nexport const follower = value;\n",
  'libs/social-accounts/reader.ts': "import { value } from '#workspaces';\nexport const reader = value;\n",
  'libs/vault-sqlite/file.ts': "import { value } from '#read-store-sqlite';\nexport const file = value;\n",
  'libs/platform-facebook/login.ts': "import { value } from '#social-accounts';\nexport const login = value;\n",
  'libs/read-store-sqlite/file.ts': "import Database from 'better-sqlite3';\nexport const file = Database;\n",
  'libs/runtime/stores.ts': "import { value } from '#event-store-sqlite';\nexport const stores = value;\n",
  'apps/standalone/standalone.ts': "import { value } from '../sandbox/index.js';\nexport const standalone = value;\n",
  'apps/web/src/page.ts': "import { value } from '#contract';\nexport const page = value;\n",
};

import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const SPECS = ['**/*.spec.ts', '**/spec-*.ts', 'libs/*/testing/**', 'test/**'];
const CONFIGURATION = ['*.js', '*.mjs', 'scripts/**', 'apps/web/vite.config.ts', '.dependency-cruiser.mjs'];

const NO_DEFAULT_EXPORT = { selector: 'ExportDefaultDeclaration', message: 'Export by name.' };
const SHAPE = [
  NO_DEFAULT_EXPORT,
  { selector: 'TSEnumDeclaration', message: 'Use a union of literals, or a constant list and its type.' },
  { selector: "TSModuleDeclaration[kind='namespace']", message: 'Use a module.' },
];

/** Names that a stored or answered value must not have: what belongs to the vault. */
const SECRET_NAMES =
  '/^(accessToken|refreshToken|idToken|clientSecret|password|secret|secrets|codeVerifier|authorizationCode)$/';
const NO_SECRETS = [
  {
    selector: `Property[key.name=${SECRET_NAMES}] > CallExpression.value`,
    message: 'Events hold no secrets: keep them in the vault and name their row.',
  },
  {
    selector:
      ":matches(TSTypeAliasDeclaration, TSInterfaceDeclaration)[id.name=/(Row|Event|Answer|State)$/] TSTypeReference[typeName.name='Secret']",
    message: 'Rows, events, states and answers hold no secrets.',
  },
  {
    selector: "ClassDeclaration[id.name=/Answer$/] PropertyDefinition TSTypeReference[typeName.name='Secret']",
    message: 'Answers hold no secrets. What is shown once is a string that is named for it.',
  },
];

const PURE = 'Time, ids, chance and configuration come in as arguments.';
const IMPURE_CALLS = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: PURE },
  { selector: "CallExpression[callee.name='Date']", message: PURE },
  { selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']", message: PURE },
  { selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']", message: PURE },
];
const IMPURE_GLOBALS = ['process', 'fetch', 'crypto', 'setInterval', 'setImmediate'].map((name) => ({
  name,
  message: PURE,
}));
const IMPURE_MODULES = {
  group: [
    'node:*',
    '!node:timers',
    'fs',
    'crypto',
    'http',
    'https',
    'child_process',
    'os',
    'path',
    'uuid',
    'typeid-js',
  ],
  message: PURE,
};
const SECRET_TYPES = {
  regex: '^#kernel$',
  importNames: ['Secret', 'Vault', 'VaultStore', 'MasterKeys'],
  message: 'Decisions, events and rows know no secrets.',
};

export default defineConfig(
  { ignores: ['dist/**', 'data/**', 'coverage/**', '.cache/**', 'node_modules/**', 'apps/web/public/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error', noInlineConfig: true } },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['apps/web/vite.config.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      // What is taken out of an object in order to leave it behind is named with an underscore.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // Modules of Nest are classes with a decorator and nothing else.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // These names are marked as deprecated only to make them stand out.
      '@typescript-eslint/no-deprecated': [
        'error',
        { allow: [{ from: 'package', package: 'oauth4webapi', name: ['nopkce', 'allowInsecureRequests'] }] },
      ],
      // A text is spread into its code points on purpose.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // What stops a request is no error: it carries the refusal to the filter that answers with it.
      '@typescript-eslint/only-throw-error': ['error', { allow: [{ from: 'file', name: 'Refused' }] }],
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      // The compiler does not see what another task changes during an await, nor that JSON.stringify may answer undefined.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Documents are objects by key.
      '@typescript-eslint/no-dynamic-delete': 'off',
      // Answers are plain objects; their classes describe them to the API document.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // A port promises a promise; an adapter need not wait for anything.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 70 }],
      'no-restricted-syntax': ['error', ...SHAPE],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    rules: { 'max-lines': ['error', { max: 300 }], 'max-lines-per-function': ['error', { max: 70 }] },
  },
  { files: ['libs/**'], rules: { 'no-console': 'error' } },
  {
    files: ['libs/*/domain/**', 'libs/*/read/**', 'libs/*/automation/**', 'libs/*/write/**', 'libs/contract/**'],
    rules: { 'no-restricted-syntax': ['error', ...SHAPE, ...NO_SECRETS] },
  },
  {
    files: ['libs/*/domain/**', 'libs/*/read/**'],
    ignores: SPECS,
    rules: {
      'no-restricted-syntax': ['error', ...SHAPE, ...NO_SECRETS, ...IMPURE_CALLS],
      'no-restricted-globals': ['error', ...IMPURE_GLOBALS],
      'no-restricted-imports': ['error', { patterns: [IMPURE_MODULES, SECRET_TYPES] }],
    },
  },
  {
    files: SPECS,
    rules: {
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': 'off',
      'no-console': 'off',
      // Generated protocol code counts in enums.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      // How a value prints is what some specs are about.
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/no-base-to-string': 'off',
    },
  },
  {
    files: CONFIGURATION,
    rules: { 'no-restricted-syntax': 'off', 'no-console': 'off' },
  },
);

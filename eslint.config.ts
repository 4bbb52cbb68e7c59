import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig } from 'eslint/config';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** What each folder may not reach; dependency-cruiser holds the arrows between folders, this the globals. */
const banned = {
  processEnv: {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: 'process.env is read in an adapter (…/adapters, *.port.ts, src/main/index.ts) and handed on as a value.',
  },
  noSandbox: {
    selector: 'Literal[value=/no-sandbox/]',
    message: 'The sandbox stays on. Only scripts/start.ts passes this, to Chromium as root.',
  },
  webSecurityOff: {
    selector:
      'Property[key.name=/^(nodeIntegration|nodeIntegrationInWorker|nodeIntegrationInSubFrames|webviewTag|allowRunningInsecureContent|experimentalFeatures)$/] > Literal[value=true], Property[key.name=/^(webSecurity|sandbox|contextIsolation)$/] > Literal[value=false]',
    message: 'docs/security.md: this border stays closed.',
  },
  innerHtml: {
    selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
    message: 'Text is text.',
  },
  phraseInMessage: {
    selector: [
      'CallExpression[callee.name=/^(appError|errorMessage|findingText|noticeText)$/] > ObjectExpression:nth-child(2)',
      "Property[key.name='params'] > ObjectExpression",
    ]
      .flatMap((values) => [
        // How a process ended has a word for having no code.
        `${values} > Property[key.name!='exit'] > Literal[value=/\\s/]`,
        `${values} > Property > TemplateLiteral > TemplateElement[value.raw=/\\s/]`,
      ])
      .join(', '),
    message: 'A value of a sentence is a name, a number, a size or a path: a phrase cannot be translated.',
  },
} as const;

export default defineConfig(
  { ignores: ['node_modules', 'out', 'dist', 'test-results', 'playwright-report', 'python', '.demo-carry'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.cjs', '*.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-restricted-syntax': ['error', ...Object.values(banned)],
      eqeqeq: 'error',
      'no-console': 'error',
      'max-lines': ['error', 400],
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    rules: { 'max-lines-per-function': ['error', 80] },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    ignores: ['src/main/adapters/electron/electron-api.ts', 'src/preload/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'electron', message: 'Import it from adapters/electron/electron-api.ts, and describe it there.' },
          ],
        },
      ],
    },
  },
  {
    files: ['src/renderer/**/*.{ts,tsx}'],
    extends: [reactHooks.configs.flat['recommended-latest'], jsxA11y.flatConfigs.strict],
    languageOptions: { globals: globals.browser },
  },
  {
    files: ['src/renderer/**/*.{ts,tsx}', 'src/shared/**/*.ts'],
    ignores: ['**/*.test.{ts,tsx}'],
    rules: { 'no-restricted-globals': ['error', 'fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'require'] },
  },
  {
    // Where the outside world is reached: the environment may be read and words may be printed.
    files: [
      'src/main/index.ts',
      'src/main/**/adapters/**',
      'src/main/**/*adapter.ts',
      'src/cli/**',
      'scripts/**',
      'test/**',
      '*.config.ts',
    ],
    rules: {
      'no-restricted-syntax': ['error', banned.webSecurityOff, banned.innerHtml],
      'no-console': 'off',
    },
  },
  {
    files: ['**/*.test.{ts,tsx}', 'test/**/*.ts'],
    rules: {
      'no-restricted-syntax': 'off',
      // expect(fake.method) is how a fake is asked; it is not called unbound.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['**/*.{cjs,mjs,js}'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: globals.node },
  },
  prettier,
);

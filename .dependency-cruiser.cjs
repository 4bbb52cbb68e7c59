/** Arrows: renderer -> shared <- main services <- main/index. Held here, so that a review need not. */
/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^original-fs$' } },
    {
      name: 'shared-is-pure',
      comment:
        'Both processes and every test run it: zod, the message format and the copy table are all that it may know.',
      severity: 'error',
      from: { path: '^src/shared/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: ['^src/shared/', '^node_modules/(zod|intl-messageformat)/', '^resources/[^/]+\\.json$'] },
    },
    {
      name: 'renderer-knows-shared-only',
      severity: 'error',
      from: { path: '^src/renderer/', pathNot: '\\.test\\.tsx?$' },
      to: { path: ['^src/main/', '^src/preload/', '^python/', '^scripts/', '^test/'] },
    },
    {
      name: 'renderer-has-no-node',
      severity: 'error',
      from: { path: '^src/renderer/', pathNot: '\\.test\\.tsx?$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'renderer-has-no-electron',
      severity: 'error',
      from: { path: '^src/renderer/' },
      to: { path: '^(node_modules/)?(electron|systeminformation|execa)(/|$)' },
    },
    {
      name: 'features-do-not-know-each-other-inside',
      comment: 'A feature is used through its index, never through a file of its inside.',
      severity: 'error',
      from: { path: '^src/renderer/features/([^/]+)/' },
      to: { path: '^src/renderer/features/([^/]+)/(?!index\\.tsx?$)', pathNot: '^src/renderer/features/$1/' },
    },
    {
      name: 'renderer-copy-is-the-floor',
      comment: 'In the window arrows go down: app -> features -> state -> ui -> copy.',
      severity: 'error',
      from: { path: '^src/renderer/copy/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/renderer/(ui|state|features|app)/' },
    },
    {
      name: 'texts-come-in-the-language-of-the-page',
      comment: 'A catalog of one language is read by copy/index.ts alone.',
      severity: 'error',
      from: { path: '^src/renderer/', pathNot: ['^src/renderer/copy/', '\\.test\\.tsx?$'] },
      to: { path: '^src/renderer/copy/(?!index\\.ts$)', pathNot: '^src/renderer/copy/facts\\.ts$' },
    },
    {
      name: 'renderer-ui-is-below-state',
      severity: 'error',
      from: { path: '^src/renderer/ui/', pathNot: '\\.test\\.tsx?$' },
      to: { path: '^src/renderer/(state|features|app)/' },
    },
    {
      name: 'renderer-state-is-below-features',
      severity: 'error',
      from: { path: '^src/renderer/state/', pathNot: '\\.test\\.tsx?$' },
      to: { path: '^src/renderer/(features|app)/' },
    },
    {
      name: 'renderer-features-are-below-app',
      severity: 'error',
      from: { path: '^src/renderer/features/', pathNot: '\\.test\\.tsx?$' },
      to: { path: '^src/renderer/app/' },
    },
    {
      name: 'main-does-not-know-the-window',
      severity: 'error',
      from: { path: '^src/main/' },
      to: { path: ['^src/renderer/', '^src/preload/', '^scripts/', '^test/'], pathNot: '^test/fakes/' },
    },
    {
      name: 'services-do-not-compose',
      comment: 'compose/ puts the services together for index.ts; no service reaches for either.',
      severity: 'error',
      from: { path: '^src/main/', pathNot: ['^src/main/index\\.ts$', '^src/main/compose/'] },
      to: { path: ['^src/main/index\\.ts$', '^src/main/compose/'] },
    },
    {
      name: 'electron-behind-ports',
      comment: 'Electron is reached by adapters and by index.ts; everything else runs without it.',
      severity: 'error',
      from: {
        path: '^src/main/',
        pathNot: ['^src/main/(index|app)\\.ts$', '/adapters/', 'adapter\\.ts$', '^src/main/window/', '\\.test\\.ts$'],
      },
      to: { path: '^(node_modules/)?electron(/|$)' },
    },
    {
      name: 'preload-is-the-contract',
      severity: 'error',
      from: { path: '^src/preload/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: ['^src/(shared|preload)/', '^node_modules/electron/', '^electron$', '^resources/[^/]+\\.json$'] },
    },
    {
      name: 'no-test-in-the-app',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.tsx?$' },
      to: { path: ['\\.test\\.tsx?$', '^test/'] },
    },
    {
      name: 'scripts-use-services-not-the-app',
      severity: 'error',
      from: { path: '^scripts/' },
      to: { path: ['^src/main/index\\.ts$', '^src/(renderer|preload)/'] },
    },
    {
      name: 'cli-composes-services',
      comment:
        'The command line is product code: it uses services, shared rules and no part of the window or workshop.',
      severity: 'error',
      from: { path: '^src/cli/', pathNot: '\\.test\\.ts$' },
      to: { path: ['^src/(renderer|preload)/', '^src/main/(index\\.ts|adapters/electron/)', '^(scripts|test)/'] },
    },
    {
      name: 'nothing-in-the-app-uses-the-cli',
      severity: 'error',
      from: { path: '^src/(shared|main|preload|renderer)/' },
      to: { path: '^src/cli/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(out|dist|python)/' },
    tsConfig: { fileName: 'tsconfig.base.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};

/** The sentences of resources/messages.en.json as types in TypeScript and as functions in Python. */
import messages from '../../resources/messages.en.json';
import type { Kind } from '../../src/shared/message-kinds';
import { LINE, snakeCase, wrap } from './python';

interface Placeholder {
  readonly name: string;
  readonly kind: Kind;
}

interface PythonKind {
  readonly type: string;
  /** A function of contract/messages.py that converts the value for sending; none if it needs no conversion. */
  readonly convert?: string;
}

const TEXT = { type: 'str', convert: 'printable' };

/** Every kind needs an entry, or this table doesn't compile. */
const PYTHON_KINDS: Readonly<Record<Kind, PythonKind>> = {
  count: { type: 'int' },
  number: { type: 'float' },
  size: { type: 'int' },
  duration: { type: 'float' },
  path: { type: 'PathText', convert: 'path_text' },
  name: TEXT,
  names: { type: 'Iterable[str]', convert: 'names_text' },
  version: TEXT,
  flag: TEXT,
  address: TEXT,
  device: TEXT,
  stage: { type: 'StageName', convert: 'str' },
  kernel: TEXT,
  axis: { type: 'Axis' },
  side: { type: 'Side' },
  exit: { type: 'int | None', convert: 'exit_value' },
  plan: { type: 'PlanText' },
  shape: { type: 'Iterable[int]', convert: 'shape_text' },
};

/** Throws for a placeholder without a kind or with an unknown one. */
function placeholdersOf(sentence: string): readonly Placeholder[] {
  const found = new Map<string, Kind>();
  for (const [whole, name = '', kind = ''] of sentence.matchAll(/\{(\w*):?(\w*)\}/g)) {
    if (!(kind in PYTHON_KINDS))
      throw new Error(`${whole} in "${sentence}" needs a kind from src/shared/message-kinds.ts`);
    found.set(name, kind as Kind);
  }
  return [...found].map(([name, kind]) => ({ name, kind }));
}

type Table = Readonly<Record<string, string>>;

const messagesOf = (table: Readonly<Record<string, { readonly message: string }>>): Table =>
  Object.fromEntries(Object.entries(table).map(([code, { message }]) => [code, message]));
const ERRORS = messagesOf(messages.errors);
const FINDINGS = messagesOf(messages.findings);

export const MESSAGE_PARAMS_FILE = 'src/shared/message-params.ts';

export function messageParamsText(): string {
  const table = (name: string, sentences: Table): string => {
    const rows = Object.entries(sentences).map(([code, sentence]) => {
      const fields = placeholdersOf(sentence).map(({ name, kind }) => `readonly ${name}: KindTypes['${kind}']`);
      const single = `  readonly ${code}: { ${fields.join('; ')} };`;
      if (fields.length === 0) return `  readonly ${code}: None;`;
      if (single.length <= LINE) return single;
      return [`  readonly ${code}: {`, ...fields.map((field) => `    ${field};`), '  };'].join('\n');
    });
    return [`export interface ${name} {`, ...rows, '}'].join('\n');
  };
  const head = [
    '/* eslint-disable max-lines -- one line for each sentence */',
    '/**',
    ' * The values that each sentence needs.',
    ' * Generated from resources/messages.en.json by `npx tsx scripts/contract.ts`: do not edit.',
    ' */',
    "import type { KindTypes } from './message-kinds';",
    '',
    'type None = Readonly<Record<string, never>>;',
  ].join('\n');
  return [
    head,
    table('ErrorParams', ERRORS),
    table('ReasonParams', messages.reasons),
    table('NoticeParams', messages.notices),
    table('ExplanationParams', messages.explanations),
    table('FindingParams', FINDINGS),
  ]
    .join('\n\n')
    .concat('\n');
}

function argumentOf({ name, kind }: Placeholder): string {
  const { convert } = PYTHON_KINDS[kind];
  const value = snakeCase(name);
  return `${JSON.stringify(name)}: ${convert === undefined ? value : `${convert}(${value})`}`;
}

/** Wrapped as `ruff format` wraps it: on one line, then all arguments on one line, then each argument on its own. */
function callLines(made: string, code: string, values: readonly string[], extra: readonly string[]): readonly string[] {
  const all = [JSON.stringify(code), `{${values.join(', ')}}`, ...extra];
  const single = `    return ${made}(${all.join(', ')})`;
  if (single.length <= LINE) return [single];
  const joined = `        ${all.join(', ')}`;
  const separate = all.map((argument) => `        ${argument},`);
  const lines =
    joined.length <= LINE
      ? [joined]
      : separate.flatMap((line, index) =>
          line.length <= LINE || index !== 1
            ? [line]
            : ['        {', ...values.map((value) => `            ${value},`), '        },'],
        );
  return [`    return ${made}(`, ...lines, '    )'];
}

function functionText(made: string, code: string, sentence: string): string {
  const isError = made === 'SplitreelError';
  const placeholders = placeholdersOf(sentence);
  const parameters = placeholders.map(({ name, kind }) => `${snakeCase(name)}: ${PYTHON_KINDS[kind].type}`);
  const all = [...(parameters.length > 0 ? ['*', ...parameters] : []), ...(isError ? ['**extra: Unpack[Extra]'] : [])];
  const name = code.toLowerCase();
  const head = `def ${name}(${all.join(', ')}) -> ${made}:`;
  const heads =
    head.length <= LINE
      ? [head]
      : [`def ${name}(`, `    ${all.join(', ')}`, `) -> ${made}:`].flatMap((line) =>
          line.length <= LINE ? [line] : all.map((each) => `    ${each},`),
        );
  const body = callLines(made, code, placeholders.map(argumentOf), isError ? ['**extra'] : []);
  const plain = sentence.replace(/:\w+\}/g, '}');
  const doc = `    """${plain}"""`;
  return [...heads, ...(doc.length <= LINE ? [doc] : ['    """', ...wrap(plain, '    '), '    """']), ...body].join(
    '\n',
  );
}

interface Maker {
  readonly file: string;
  readonly doc: string;
  readonly made: string;
  readonly sentences: Table;
}

export const MAKERS: readonly Maker[] = [
  { file: 'failures', doc: 'Errors, one function for each code.', made: 'SplitreelError', sentences: ERRORS },
  { file: 'reasons', doc: 'Reasons, one function for each code.', made: 'Reason', sentences: messages.reasons },
  {
    file: 'explanations',
    doc: 'Explanations of a plan and advice, one function for each code.',
    made: 'Explanation',
    sentences: messages.explanations,
  },
  {
    file: 'findings',
    doc: 'What the doctor can find, one function for each code.',
    made: 'FindingSentence',
    sentences: FINDINGS,
  },
];

/** Everything below the module's docstring. */
export function makerText({ made, sentences }: Maker): string {
  const functions = Object.entries(sentences).map(([code, sentence]) => functionText(made, code, sentence));
  const body = functions.join('\n\n\n');
  const uses = (names: readonly string[]): readonly string[] =>
    names.filter((name) => new RegExp(`\\b${name}\\b`).test(body));
  const own = uses(['exit_value', 'names_text', 'path_text', 'printable', 'shape_text']);
  const types = uses(['Axis', 'PathText', 'PlanText', 'Side', 'StageName']);
  const fromErrors = [...uses(['Extra']), made].sort();
  const standard = [
    ...(body.includes('Iterable[') ? ['from collections.abc import Iterable'] : []),
    ...(body.includes('Unpack[') ? ['from typing import Unpack'] : []),
  ].join('\n');
  const ours = [
    `from splitreel.contract.errors import ${fromErrors.join(', ')}`,
    ...(own.length + types.length > 0
      ? [`from splitreel.contract.kinds import ${[...types, ...own].sort().join(', ')}`]
      : []),
  ].join('\n');
  return (
    ['from __future__ import annotations', standard, ours].filter((block) => block !== '').join('\n\n') +
    `\n\n\n${body}\n`
  );
}

/**
 * Writes python/splitreel/contract from the declarations in src/shared and from resources/messages.en.json, so that
 * each is declared only once. `--check` writes nothing and fails if a file is out of date.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import {
  BASES,
  CLASS_OPTIONS,
  EXTERNAL,
  EXTERNAL_SCHEMAS,
  FIELD_TYPES,
  LIMITS,
  MODULES,
  SAMPLING_RANGES,
  SAMPLING_VALUES,
  VARIABLES,
  type Module,
} from './contract/declarations';
import { MAKERS, makerText, MESSAGE_PARAMS_FILE, messageParamsText } from './contract/messages';
import { dataClass, enumClass, pascalCase, snakeCase, table, union, values, type Schema } from './contract/python';

const ROOT = path.resolve(import.meta.dirname, '..');
const FOLDER = path.join(ROOT, 'python/splitreel/contract');
const HEAD = (doc: string, source = 'src/shared'): string =>
  `"""${doc}\n\nGenerated from ${source} by \`npx tsx scripts/contract.ts\`: do not edit.\n"""\n`;

/** All definitions, including those that messages only refer to, such as the entry of a list. */
function allDefinitions(): Readonly<Record<string, Schema>> {
  const all = [
    ...EXTERNAL_SCHEMAS,
    ...MODULES.flatMap(({ types, messages }) => [...types, ...messages.map(({ schema }) => schema)]),
  ] as [z.ZodType, ...z.ZodType[]];
  const { $defs } = z.toJSONSchema(z.tuple(all), { unrepresentable: 'any' }) as { $defs: Record<string, Schema> };
  return $defs;
}

const idOf = (schema: z.ZodType): string => {
  const id = z.globalRegistry.get(schema)?.id;
  if (id === undefined) throw new Error('a type of the contract needs an id');
  return id;
};

interface Message {
  readonly type: string;
  readonly name: string;
  readonly schema: Schema;
}

function messagesOf(schema: z.ZodType): readonly Message[] {
  const { oneOf, anyOf } = z.toJSONSchema(schema, { unrepresentable: 'any' }) as Schema;
  return (oneOf ?? anyOf ?? []).map((member) => {
    const type = String(member.properties?.['type']?.const);
    return { type, name: pascalCase(type), schema: member };
  });
}

function references(schema: Schema, found = new Set<string>()): ReadonlySet<string> {
  if (schema.$ref !== undefined) found.add(schema.$ref.replace('#/$defs/', ''));
  const inside = [
    ...(schema.anyOf ?? schema.oneOf ?? []),
    ...Object.values(schema.properties ?? {}),
    ...(schema.items === undefined ? [] : [schema.items]),
  ];
  for (const each of inside) references(each, found);
  return found;
}

function classLines(name: string, schema: Schema, definitions: Readonly<Record<string, Schema>>): readonly string[] {
  if (schema.enum !== undefined) return enumClass(name, schema);
  const { parent, ...options } = CLASS_OPTIONS[name] ?? {};
  const parentSchema = parent === undefined ? undefined : definitions[parent];
  const lines = dataClass(name, schema, {
    ...options,
    ...(parent !== undefined && parentSchema !== undefined ? { parent: { name: parent, schema: parentSchema } } : {}),
  });
  return lines.map((line) => {
    const field = /^ {4}(\w+): /.exec(line)?.[1];
    const type = field === undefined ? undefined : FIELD_TYPES[`${name}.${field}`];
    return field === undefined || type === undefined ? line : line.replace(/: \w+/, `: ${type}`);
  });
}

/** The names that a module defines, in dependency order. */
function localNames(module: Module, definitions: Readonly<Record<string, Schema>>): readonly string[] {
  const elsewhere = new Set(
    MODULES.filter((other) => other !== module)
      .flatMap(({ types }) => types.map(idOf))
      .concat(Object.keys(EXTERNAL)),
  );
  const names: string[] = [];
  const visit = (name: string): void => {
    const schema = definitions[name];
    if (schema === undefined || elsewhere.has(name) || names.includes(name)) return;
    for (const reference of references(schema)) visit(reference);
    names.push(name);
  };
  for (const type of module.types) visit(idOf(type));
  for (const { schema } of module.messages)
    for (const message of messagesOf(schema)) for (const name of references(message.schema)) visit(name);
  return names;
}

const HOMES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(MODULES.flatMap(({ file, types }) => types.map((type) => [idOf(type), file]))),
  ...EXTERNAL,
  ...BASES,
};

function imports(body: string, file: string): string {
  const typing = ['Annotated', 'Any', 'Final', 'Literal', 'TypeAlias'].filter((name) =>
    new RegExp(`\\b${name}\\b`).test(body),
  );
  const own: Record<string, string[]> = {};
  for (const [name, home] of Object.entries(HOMES))
    if (home !== file && new RegExp(`\\b${name}\\b`).test(body)) (own[home] ??= []).push(name);
  for (const name of ['Bounds', 'Range']) if (new RegExp(`\\b${name}\\(`).test(body)) (own['bounds'] ??= []).push(name);
  const standard = [
    ...(/\bMapping\b/.test(body) ? ['from collections.abc import Mapping'] : []),
    ...(body.includes('@dataclass')
      ? [`from dataclasses import dataclass${body.includes('= field(') ? ', field' : ''}`]
      : []),
    ...(body.includes('(StrEnum)') ? ['from enum import StrEnum'] : []),
    ...(typing.length > 0 ? [`from typing import ${typing.join(', ')}`] : []),
  ];
  const ours = Object.entries(own)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([home, names]) => `from splitreel.contract.${home} import ${names.sort().join(', ')}`);
  return ['from __future__ import annotations', standard.join('\n'), ours.join('\n')]
    .filter((block) => block !== '')
    .join('\n\n');
}

function moduleText(module: Module, definitions: Readonly<Record<string, Schema>>): string {
  const blocks = localNames(module, definitions).map((name) => classLines(name, definitions[name] ?? {}, definitions));
  for (const { name, schema } of module.messages) {
    const messages = messagesOf(schema);
    blocks.push(...messages.map((message) => dataClass(message.name, message.schema)));
    const names = messages.map((message) => message.name);
    const entries = messages.map((message) => [message.type, message.name] as const);
    blocks.push([...union(name, names), '', ...table(`${snakeCase(name).slice(1).toUpperCase()}S`, name, entries)]);
  }
  const body = blocks.map((lines) => lines.join('\n')).join('\n\n\n');
  return `${HEAD(module.doc)}\n${imports(body, module.file)}\n\n\n${body}\n`;
}

function limitsText(): string {
  const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, '_');
  const lines = Object.entries(LIMITS)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}: Final = ${grouped(value)}`);
  return `${HEAD('Numbers that both languages hold to.')}\nfrom typing import Final\n\n${lines.join('\n')}\n`;
}

function variablesText(): string {
  const lines = Object.entries(VARIABLES).map(([name, value]) =>
    typeof value === 'string'
      ? `${name}: Final = ${JSON.stringify(value)}`
      : [
          `${name}: Final = {`,
          ...Object.entries(value).map(([key, text]) => `    ${JSON.stringify(key)}: ${JSON.stringify(text)},`),
          '}',
        ].join('\n'),
  );
  return `${HEAD('Environment variables that both languages use.')}\nfrom typing import Final\n\n${lines.sort().join('\n')}\n`;
}

function samplingText(definitions: Readonly<Record<string, Schema>>): string {
  const schema = definitions['SamplingParams'] ?? {};
  const constants = Object.entries(SAMPLING_VALUES).map(
    ([name, fields]) => `${name}: Final[Mapping[str, Any]] = ${values(schema, fields)}`,
  );
  const ranges = SAMPLING_RANGES.map(
    ({ field, min, max, code }) =>
      `    Range(${JSON.stringify(snakeCase(field))}, reasons.${code}, ${String(min)}, ${String(max)}),`,
  );
  const body = ['SAMPLING_RANGES: Final = (', ...ranges, ')', ...constants].join('\n');
  const head = `${HEAD('Defaults and ranges of the settings of a video.')}\n${imports(body, 'defaults')}`.replace(
    'from splitreel.contract.bounds',
    'from splitreel.contract import reasons\nfrom splitreel.contract.bounds',
  );
  return `${head}\n\n${body}\n`;
}

async function main(isCheck: boolean): Promise<number> {
  const definitions = allDefinitions();
  const files: Readonly<Record<string, string>> = {
    ...Object.fromEntries(MODULES.map((module) => [module.file, moduleText(module, definitions)])),
    ...Object.fromEntries(
      MAKERS.map((maker) => [maker.file, `${HEAD(maker.doc, 'resources/messages.en.json')}\n${makerText(maker)}`]),
    ),
    limits: limitsText(),
    variables: variablesText(),
    defaults: samplingText(definitions),
  };
  const targets = Object.entries(files).map(([name, text]) => [path.join(FOLDER, `${name}.py`), text] as const);
  const stale: string[] = [];
  for (const [file, text] of [...targets, [path.join(ROOT, MESSAGE_PARAMS_FILE), messageParamsText()] as const]) {
    const current = await readFile(file, 'utf8').catch(() => '');
    if (current === text) continue;
    stale.push(path.relative(process.cwd(), file));
    if (!isCheck) await writeFile(file, text);
  }
  if (!isCheck || stale.length === 0) return 0;
  process.stderr.write(`out of date: ${stale.join(', ')}. Run: npx tsx scripts/contract.ts\n`);
  return 1;
}

process.exitCode = await main(process.argv.includes('--check'));

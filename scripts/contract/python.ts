/** JSON schemas as Python: frozen dataclasses, enumerations and unions, formatted as ruff formats them. */

export const LINE = 120;

/** The parts of JSON Schema that z.toJSONSchema writes for the contract. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: string | number;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | false;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly description?: string;
  /** A value that must not be printed. */
  readonly secret?: boolean;
}

/** A default: a scalar, none, or an empty list. */
export type Value = string | number | boolean | null | readonly [];

export interface ClassOptions {
  /** A hand-written class that adds properties: its name. */
  readonly base?: string;
  /** A generated class whose fields come first. */
  readonly parent?: { readonly name: string; readonly schema: Schema };
  /** Field defaults by schema name, for objects that Python code creates itself. */
  readonly defaults?: Readonly<Record<string, Value>>;
}

export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
export const pascalCase = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

const literal = (values: readonly (string | number)[]): string =>
  `Literal[${values.map((value) => JSON.stringify(value)).join(', ')}]`;

/** `z.number().int()` states the range of exact integers, and counts start at 0: neither is worth a check. */
const isPlain = (minimum: number | undefined, maximum: number | undefined): boolean =>
  (minimum ?? 0) <= 0 && (maximum ?? Infinity) >= Number.MAX_SAFE_INTEGER;

function bounded(type: string, minimum: number | undefined, maximum: number | undefined): string {
  if (isPlain(minimum, maximum)) return type;
  return `Annotated[${type}, Bounds(${String(minimum ?? 'None')}, ${String(maximum ?? 'None')})]`;
}

/** The Python type of a schema. Nested objects must have a name. */
export function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.replace('#/$defs/', '');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined)
    return choices.map((choice) => (choice.type === 'null' ? 'None' : typeOf(choice))).join(' | ');
  if (schema.const !== undefined) return literal([schema.const]);
  if (schema.enum !== undefined) return literal(schema.enum);
  const { type } = schema;
  if (typeof type === 'object')
    return type.map((each) => (each === 'null' ? 'None' : typeOf({ ...schema, type: each }))).join(' | ');
  switch (type) {
    case 'string':
      return 'str';
    case 'boolean':
      return 'bool';
    case 'number':
      return 'float';
    case 'integer':
      return bounded('int', schema.minimum, schema.maximum);
    case 'array':
      return bounded(`tuple[${typeOf(schema.items ?? {})}, ...]`, schema.minItems, schema.maxItems);
    case 'object':
      if (schema.additionalProperties !== undefined && schema.additionalProperties !== false)
        return `dict[str, ${typeOf(schema.additionalProperties)}]`;
      throw new Error(`an object needs an id: ${Object.keys(schema.properties ?? {}).join(', ')}`);
    default:
      throw new Error(`no Python type for ${JSON.stringify(schema)}`);
  }
}

export function wrap(text: string, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > LINE && line.trim() !== '') {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  return [...lines, line];
}

function docstring(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const single = `    """${text}"""`;
  if (single.length <= LINE) return [single, ''];
  const end = text.indexOf('. ') + 1;
  const [first, rest] = end > 0 ? [text.slice(0, end), text.slice(end + 1)] : [text, ''];
  if (first.length + 7 > LINE) throw new Error(`the first sentence is too long: ${first}`);
  return [`    """${first}`, ...(rest === '' ? [] : ['', ...wrap(rest, '    ')]), '    """', ''];
}

function withComment(line: string, comment: string | undefined): readonly string[] {
  if (comment === undefined) return [line];
  const whole = `${line}  # ${comment}`;
  return whole.length <= LINE ? [whole] : [...wrap(comment, '    # '), line];
}

export function enumClass(name: string, schema: Schema): readonly string[] {
  const members = (schema.enum ?? []).map((value) => `    ${value.toUpperCase()} = ${JSON.stringify(value)}`);
  return [`class ${name}(StrEnum):`, ...docstring(schema.description), ...members];
}

/** A JSON value as Python code; enumeration members follow the schema. */
function valueOf(type: Schema, value: Value): string {
  if (value === null) return 'None';
  if (typeof value === 'object') return '()';
  if (type.$ref !== undefined) return `${typeOf(type)}.${String(value).toUpperCase()}`;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value) + (type.type === 'number' && Number.isInteger(value) ? '.0' : '');
}

/** `{"width": 1360, ...}`: values of fields of a class. */
export function values(schema: Schema, fields: Readonly<Record<string, Value>>): string {
  const entries = Object.entries(fields).map(
    ([field, value]) => `${JSON.stringify(snakeCase(field))}: ${valueOf(schema.properties?.[field] ?? {}, value)}`,
  );
  return `{${entries.join(', ')}}`;
}

function defaultOf(type: Schema, value: Value | undefined): string {
  if (type.secret === true) return ' = field(repr=False)';
  return value === undefined ? '' : ` = ${valueOf(type, value)}`;
}

/** The constant `type` of a message comes last, because it has a default. */
export function dataClass(name: string, schema: Schema, options: ClassOptions = {}): readonly string[] {
  const inherited = new Set(Object.keys(options.parent?.schema.properties ?? {}));
  const fields = Object.entries(schema.properties ?? {}).filter(([field]) => !inherited.has(field));
  const constants = fields.filter(([, field]) => field.const !== undefined);
  const others = fields.filter(([, field]) => field.const === undefined);
  const bases = [options.parent?.name, options.base].filter((base) => base !== undefined);
  const body = [
    ...others.flatMap(([field, type]) =>
      withComment(
        `    ${snakeCase(field)}: ${typeOf(type)}${defaultOf(type, options.defaults?.[field])}`,
        type.description,
      ),
    ),
    ...constants.map(([field, type]) => `    ${snakeCase(field)}: ${typeOf(type)} = ${JSON.stringify(type.const)}`),
  ];
  // Fields without a default may follow inherited ones that have one.
  const keywords = options.parent === undefined ? '' : ', kw_only=True';
  return [
    `@dataclass(frozen=True, slots=True${keywords})`,
    `class ${name}${bases.length === 0 ? '' : `(${bases.join(', ')})`}:`,
    ...docstring(schema.description),
    ...body,
  ];
}

export function union(name: string, members: readonly string[]): readonly string[] {
  const single = `${name}: TypeAlias = ${members.join(' | ')}`;
  if (single.length <= LINE) return [single];
  const [first = '', ...rest] = members;
  return [`${name}: TypeAlias = (`, `    ${first}`, ...rest.map((member) => `    | ${member}`), ')'];
}

/** `{"startJob": StartJob, ...}`: the class of a message by its type. */
export function table(name: string, type: string, entries: readonly (readonly [string, string])[]): readonly string[] {
  const start = `${name}: Final[dict[str, type[${type}]]] = {`;
  return [start, ...entries.map(([key, value]) => `    ${JSON.stringify(key)}: ${value},`), '}'];
}

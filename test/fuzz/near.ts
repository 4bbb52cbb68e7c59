/** Values that nearly fit a schema: right in shape and wrong in places, so that some get past the first check. */
import fc from 'fast-check';
import { z } from 'zod';

const ODD_STRINGS = [
  '',
  '\0',
  '../..',
  '/etc/passwd',
  '\ud800',
  'x'.repeat(5_000),
  '__proto__',
  'a\nb',
  '%2e%2e',
  'NaN',
];
const ODD_NUMBERS = [NaN, Infinity, -Infinity, -0, -1, 0.5, 2 ** 31, 2 ** 53, 1e308];

const junk = fc.anything({ maxDepth: 2, withBigInt: true, withDate: true, withMap: true, withObjectString: true });
const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom(...ODD_STRINGS));
const number = fc.oneof(fc.nat(200), fc.double(), fc.constantFrom(...ODD_NUMBERS));

export function near(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  return fc.oneof({ arbitrary: fitting(schema), weight: 12 }, { arbitrary: junk, weight: 1 });
}

function fitting(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  if (schema instanceof z.ZodObject) {
    const fields = Object.entries<z.core.$ZodType>(schema.shape);
    return fc.record(Object.fromEntries(fields.map(([name, field]) => [name, near(field)])), {
      requiredKeys: fields.filter(([, field]) => !(field instanceof z.ZodOptional)).map(([name]) => name),
    });
  }
  if (schema instanceof z.ZodArray) return fc.array(near(schema.element), { maxLength: 3 });
  if (schema instanceof z.ZodTuple) return fc.tuple(...schema.def.items.map(near));
  if (schema instanceof z.ZodUnion) return fc.oneof(...schema.options.map(near));
  if (schema instanceof z.ZodOptional) return fc.option(near(schema.unwrap()), { nil: undefined });
  if (schema instanceof z.ZodNullable) return fc.option(near(schema.unwrap()), { nil: null });
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodReadonly) return near(schema.def.innerType);
  if (schema instanceof z.ZodPipe) return near(schema.in);
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options);
  if (schema instanceof z.ZodLiteral) return fc.constantFrom(...schema.values);
  if (schema instanceof z.ZodString) return text;
  if (schema instanceof z.ZodNumber) return number;
  if (schema instanceof z.ZodBoolean) return fc.boolean();
  if (schema instanceof z.ZodUndefined || schema instanceof z.ZodVoid) return fc.constant(undefined);
  return junk;
}

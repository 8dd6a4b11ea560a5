/** JSON from a schema: values that fit it, and, where chance wants it, values that do not. */
import { COMPONENTS, type JsonSchema } from '@hansa/rpc-schema';
import type { Prng } from '../simulator/prng.ts';

const HOSTILE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e21,
  1.5,
  Number.MAX_SAFE_INTEGER,
  '',
  '0x',
  '0x0',
  '0x00',
  '0X1',
  `0x${'f'.repeat(64)}`,
  `0x${'f'.repeat(65)}`,
  `0x${'0'.repeat(2_000)}`,
  '0x8000000000000000',
  'latest',
  'earliest',
  'pending',
  'safe',
  '__proto__',
  '\ud800',
  '\u0000',
  [],
  {},
  [[[[[]]]]],
  { __proto__: null, constructor: 1, toString: 2 },
];
const HASH = `0x${'01'.repeat(32)}`;
/** One of them fits each pattern of the description. */
const TEXTS: readonly string[] = [
  '0x1',
  '0x0',
  '0x10',
  '0x5f5e100',
  '0x',
  '0x60006000fd',
  '0x5b600056',
  `0x${'ab'.repeat(20)}`,
  '0x0000000000000000000000000000000000001000',
  '0x0000000000000000000000000000000000001003',
  HASH,
  `0x${'7f'.repeat(64)}`,
  '7f'.repeat(64),
  'latest',
  'earliest',
  'finalized',
  'abc',
];
const DEPTH_MAX = 6;

export function jsonOfSchema(prng: Prng, schema: JsonSchema, hostility: number, depth = 0): unknown {
  if (prng.chance(hostility)) return prng.pick(HOSTILE);
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
    const target = (COMPONENTS as Readonly<Record<string, JsonSchema>>)[name];
    return target === undefined || depth > DEPTH_MAX ? null : jsonOfSchema(prng, target, hostility, depth + 1);
  }
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) return jsonOfSchema(prng, prng.pick(choices), hostility, depth + 1);
  if (schema.enum !== undefined) return prng.pick(schema.enum);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'string':
      return textOf(prng, schema.pattern);
    case 'boolean':
      return prng.chance(0.5);
    case 'integer':
    case 'number':
      return prng.pick([0, 1, 2, 25, 100, 1_000_000]);
    case 'array':
      return Array.from({ length: depth > DEPTH_MAX ? 0 : prng.below(4) }, () =>
        jsonOfSchema(prng, schema.items ?? {}, hostility, depth + 1),
      );
    case 'object':
      return objectOf(prng, schema, hostility, depth);
    default:
      return prng.pick(HOSTILE);
  }
}

function textOf(prng: Prng, pattern: string | undefined): string {
  if (pattern === undefined) return prng.pick(TEXTS);
  const expression = new RegExp(pattern);
  const fitting = TEXTS.filter((text) => expression.test(text));
  return fitting.length === 0 ? prng.pick(TEXTS) : prng.pick(fitting);
}

function objectOf(prng: Prng, schema: JsonSchema, hostility: number, depth: number): unknown {
  const entries: [string, unknown][] = [];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const isNeeded = schema.required?.includes(name) === true;
    if (!isNeeded && prng.chance(0.6)) continue;
    entries.push([name, jsonOfSchema(prng, property, hostility, depth + 1)]);
  }
  const { additionalProperties } = schema;
  if (typeof additionalProperties === 'object' && depth <= DEPTH_MAX) {
    const content = jsonOfSchema(prng, additionalProperties, hostility, depth + 1);
    entries.push([prng.pick(TEXTS), content]);
  }
  if (prng.chance(hostility)) entries.push([prng.pick(['__proto__', 'extra', '']), 1]);
  return Object.fromEntries(entries);
}

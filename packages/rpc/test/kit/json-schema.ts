/** Checks a value by the part of JSON Schema (draft 7) that the descriptions use; an unknown keyword is a fault. */
import { COMPONENTS, type JsonSchema } from '@hansa/rpc-schema';

const PREFIX = '#/components/schemas/';
const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  null: (value) => value === null,
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};
const KEYWORDS = new Set(
  '$ref title description type pattern enum items properties required additionalProperties oneOf anyOf maxItems'.split(
    ' ',
  ),
);

/** First place that does not fit, undefined when all does. `isExact`: properties that are not described are faults. */
export function schemaFault(schema: JsonSchema, value: unknown, path = '$', isExact = true): string | undefined {
  const unknown = Object.keys(schema).find((key) => !KEYWORDS.has(key));
  if (unknown !== undefined) return `${path}: keyword ${unknown} of the schema is unknown`;
  if (schema.$ref !== undefined) {
    const target = COMPONENTS[schema.$ref.slice(PREFIX.length)];
    return target === undefined || !schema.$ref.startsWith(PREFIX)
      ? `${path}: ${schema.$ref} does not exist`
      : schemaFault(target, value, path, isExact);
  }
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) {
    const faults = choices.map((choice) => schemaFault(choice, value, path, isExact));
    const count = faults.filter((fault) => fault === undefined).length;
    if (count === 0) return `${path}: no choice fits (${faults.join(' | ')})`;
    if (schema.oneOf !== undefined && count > 1) return `${path}: ${count} of the choices fit`;
  }
  return (
    ownFault(schema, value, path) ??
    listFault(schema, value, path, isExact) ??
    objectFault(schema, value, path, isExact)
  );
}

function ownFault(
  { type, pattern, enum: members, maxItems }: JsonSchema,
  value: unknown,
  path: string,
): string | undefined {
  const types = type === undefined ? [] : [type].flat();
  if (types.length > 0 && !types.some((each) => TYPES[each]?.(value) === true)) {
    return `${path}: ${types.join(' or ')} was expected, got ${JSON.stringify(value)?.slice(0, 60)}`;
  }
  if (pattern !== undefined && typeof value === 'string' && !new RegExp(pattern).test(value)) {
    return `${path}: ${value.slice(0, 60)} is not of the form ${pattern}`;
  }
  if (members !== undefined && !members.includes(value as never)) return `${path}: ${String(value)} is not allowed`;
  if (maxItems !== undefined && Array.isArray(value) && value.length > maxItems) return `${path}: too many items`;
  return undefined;
}

function listFault({ items }: JsonSchema, value: unknown, path: string, isExact: boolean): string | undefined {
  if (items === undefined || !Array.isArray(value)) return undefined;
  for (const [index, item] of value.entries()) {
    const fault = schemaFault(items, item, `${path}[${index}]`, isExact);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function objectFault(schema: JsonSchema, value: unknown, path: string, isExact: boolean): string | undefined {
  const { properties, required = [], additionalProperties } = schema;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const missing = required.find((name) => !(name in value));
  if (missing !== undefined) return `${path}: ${missing} is missing`;
  for (const [name, item] of Object.entries(value)) {
    const known = properties?.[name] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    if (known !== undefined) {
      const fault = schemaFault(known, item, `${path}.${name}`, isExact);
      if (fault !== undefined) return fault;
    } else if (additionalProperties === false || (isExact && properties !== undefined)) {
      return `${path}: ${name} is not described`;
    }
  }
  return undefined;
}

import { fail, ok, type Result } from '@hansa/primitives';
import type { JsonSchema } from './json-schema.ts';

/** What a caller gave, or in words what was expected instead. */
export type Parsed<T> = Result<T, string>;

/**
 * One parameter of a method. `Value` is what the server works with, `Wire` what a client writes.
 * `parse` never throws and costs time in proportion to what it accepts: sizes are checked before contents.
 */
export type Param<Value, Wire> = {
  readonly name: string;
  readonly schema: JsonSchema;
  /** Undefined: the parameter must be given. Else what stands for a missing one. */
  readonly absent: { readonly value: Value } | undefined;
  parse(value: unknown): Parsed<Value>;
  /** Never set: carries the type. */
  readonly wire?: Wire;
};

export type Parser<Value> = (value: unknown) => Parsed<Value>;

export function required<Value, Wire>(name: string, schema: JsonSchema, parse: Parser<Value>): Param<Value, Wire> {
  return { name, schema, parse, absent: undefined };
}

export function optional<Value, Wire>(
  name: string,
  schema: JsonSchema,
  parse: Parser<Value>,
  absent: Value,
): Param<Value, Wire | undefined> {
  return { name, schema, parse, absent: { value: absent } };
}

/** @returns the values in order; a missing, wrong or superfluous parameter is named */
export function parseParams(params: readonly Param<unknown, unknown>[], given: unknown): Parsed<readonly unknown[]> {
  const list = given ?? [];
  if (!Array.isArray(list)) return fail('params must be an array');
  if (list.length > params.length) return fail(`too many arguments, want at most ${params.length}`);
  const values: unknown[] = [];
  for (const [index, param] of params.entries()) {
    const value: unknown = list[index] ?? undefined;
    if (value === undefined) {
      if (param.absent === undefined) return fail(`missing value for required argument ${index} (${param.name})`);
      values.push(param.absent.value);
      continue;
    }
    const parsed = param.parse(value);
    if (!parsed.ok) return fail(`invalid argument ${index} (${param.name}): ${parsed.error}`);
    values.push(parsed.value);
  }
  return ok(values);
}

/** JSON Schema (draft 7), as far as the descriptions need it. */
export type JsonSchema = {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly pattern?: string;
  readonly enum?: readonly (string | number | boolean | null)[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly maxItems?: number;
};

export type ParamDescription = {
  readonly name: string;
  readonly required: boolean;
  readonly schema: JsonSchema;
};

export type MethodDescription = {
  readonly name: string;
  readonly summary: string;
  readonly params: readonly ParamDescription[];
  readonly result: JsonSchema;
  /** Over WebSocket only. */
  readonly needsSocket?: true;
};

export const param = (name: string, schema: JsonSchema): ParamDescription => ({ name, required: true, schema });
export const optional = (name: string, schema: JsonSchema): ParamDescription => ({ name, required: false, schema });

export function method(
  name: string,
  summary: string,
  params: readonly ParamDescription[],
  result: JsonSchema,
): MethodDescription {
  return { name, summary, params, result };
}

export const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
export const orNull = (schema: JsonSchema): JsonSchema => ({ oneOf: [schema, { type: 'null' }] });
/** An object with these properties, all there unless named in `absent`. */
export function record(properties: Readonly<Record<string, JsonSchema>>, absent: readonly string[] = []): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties).filter((name) => !absent.includes(name)) };
}

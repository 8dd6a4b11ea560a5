import type { ErrorBody } from './errors.ts';

export type RequestId = string | number | null;

export type ParsedCall = {
  /** Undefined: a notification, which gets no answer. */
  readonly id: RequestId | undefined;
  readonly method: string;
  readonly params: readonly unknown[] | Readonly<Record<string, unknown>>;
};

/** One member of a batch, or a lone request. Undefined: it is no request of JSON-RPC 2.0. */
export function parseCall(value: unknown): ParsedCall | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { jsonrpc, id, method, params = [] } = value as Record<string, unknown>;
  if (jsonrpc !== '2.0' || typeof method !== 'string') return undefined;
  if (id !== undefined && id !== null && typeof id !== 'string' && typeof id !== 'number') return undefined;
  // Some clients send null for no parameters.
  if (params === null) return { id, method, params: [] };
  if (typeof params !== 'object') return undefined;
  return { id, method, params: params as ParsedCall['params'] };
}

/** Id of something that is no request, when it has one. */
export function idOf(value: unknown): RequestId {
  if (typeof value !== 'object' || value === null) return null;
  const { id } = value as Record<string, unknown>;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

export const resultText = (id: RequestId, result: unknown): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${JSON.stringify(result) ?? 'null'}}`;

export const errorText = (id: RequestId, error: ErrorBody): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":${JSON.stringify(error)}}`;

import type { Failure, HashHex } from '@hansa/primitives';
import { revertReason } from './revert-reason.ts';
import { data } from './values.ts';

/** Error codes of JSON-RPC 2.0, of EIP-1474 and of EIP-7966, as they go over the wire. */
export const RPC_CODES = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** Refused by pool, state or ledger: `data.code` says which. */
  refused: -32000,
  notFound: -32001,
  /** Stopped after callTimeoutMs. */
  timeout: -32002,
  responseTooLarge: -32003,
  notSupported: -32004,
  limitExceeded: -32005,
  unauthorized: -32006,
  /** Execution reverted; `data` is what the contract gave back. */
  reverted: 3,
  /** EIP-7966: in the pool, not committed within the time; `data` is the hash. */
  syncTimeout: 4,
  /** EIP-7966: in the pool, cannot be executed yet, or dropped. */
  syncQueued: 5,
  /** EIP-7966: `data` is the nonce that is expected. */
  syncNonceGap: 6,
} as const;

export type ErrorBody = { readonly code: number; readonly message: string; readonly data?: unknown };

/** What a method answers in place of a result. Thrown or returned. */
export class RpcRefusal extends Error {
  override readonly name: string = 'RpcRefusal';
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }

  toBody(): ErrorBody {
    return this.data === undefined
      ? { code: this.code, message: this.message }
      : { code: this.code, message: this.message, data: this.data };
  }
}

/** Failures of the node that have a code of their own over the wire; all others are -32000. */
const CODE_OF_FAILURE: Readonly<Record<string, number>> = {
  LEDGER_TOO_MANY_LOGS: RPC_CODES.limitExceeded,
  LEDGER_HEIGHT_UNKNOWN: RPC_CODES.notFound,
  LEDGER_STATE_PRUNED: RPC_CODES.notFound,
  QUERY_TIMEOUT: RPC_CODES.timeout,
  QUERY_BUSY: RPC_CODES.limitExceeded,
};

/** A failure of the node in the words it has, with its code and remedy for programs and people. */
export function refused(failure: Failure): RpcRefusal {
  return new RpcRefusal(CODE_OF_FAILURE[failure.code] ?? RPC_CODES.refused, failure.message, failureData(failure));
}

export function failureData(failure: Failure): { readonly code: string; readonly remedy?: string } {
  return failure.remedy === undefined ? { code: failure.code } : { code: failure.code, remedy: failure.remedy };
}

export const invalidParams = (message: string): RpcRefusal => new RpcRefusal(RPC_CODES.invalidParams, message);

export const limitExceeded = (message: string, remedy: string): RpcRefusal =>
  new RpcRefusal(RPC_CODES.limitExceeded, message, { code: 'RPC_LIMIT_EXCEEDED', remedy });

export const notSupported = (message: string, remedy: string): RpcRefusal =>
  new RpcRefusal(RPC_CODES.notSupported, message, { code: 'RPC_NOT_SUPPORTED', remedy });

/** As go-ethereum's clients expect it: they decode `data` by the contract's ABI. */
export function reverted(output: Uint8Array): RpcRefusal {
  const reason = revertReason(output);
  const message = reason === undefined ? 'execution reverted' : `execution reverted: ${reason}`;
  return new RpcRefusal(RPC_CODES.reverted, message, data(output));
}

export const syncTimeout = (hash: HashHex, waitedMs: number): RpcRefusal =>
  new RpcRefusal(
    RPC_CODES.syncTimeout,
    `The transaction was added to the pool but was not committed within ${waitedMs} ms`,
    `0x${hash}`,
  );

/** Failures of starting the server. */
export type RpcErrorCode = 'RPC_PORT_BUSY' | 'RPC_LISTEN_FAILED' | 'RPC_TLS_INVALID';

import { ChainError } from '@hansa/primitives';
import type { NodeErrorCode } from '../errors.ts';

const TIMEOUT_MS = 10_000;
let nextId = 1;

/** Error answer of a node, as it came. */
export class RpcError extends Error {
  override readonly name: string = 'RpcError';
  readonly rpcCode: number;
  readonly data: unknown;

  constructor(rpcCode: number, message: string, data: unknown) {
    super(message);
    this.rpcCode = rpcCode;
    this.data = data;
  }
}

/**
 * One JSON-RPC call.
 * @throws ChainError CLI_NODE_UNREACHABLE when nobody answers, RpcError when the node answers with an error
 */
export async function callRpc<T>(
  url: string,
  method: string,
  params: readonly unknown[] = [],
  timeoutMs: number = TIMEOUT_MS,
): Promise<T> {
  let text: string;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: nextId++, method, params }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    text = await response.text();
  } catch (cause) {
    throw new ChainError<NodeErrorCode>(
      {
        code: 'CLI_NODE_UNREACHABLE',
        message: `no node answers at ${url}`,
        remedy: 'start it by `hansa start --dir DIR`, or name the right address with --rpc URL',
      },
      { cause },
    );
  }
  const answer = parseAnswer(text, url);
  if (answer.error !== undefined) throw new RpcError(answer.error.code, answer.error.message, answer.error.data);
  return answer.result as T;
}

type Answer = { result?: unknown; error?: { code: number; message: string; data?: unknown } };

function parseAnswer(text: string, url: string): Answer {
  try {
    const answer = JSON.parse(text) as unknown;
    if (typeof answer !== 'object' || answer === null) throw new Error('the answer is no object');
    return answer as Answer;
  } catch (cause) {
    throw new ChainError<NodeErrorCode>(
      {
        code: 'CLI_NODE_UNREACHABLE',
        message: `what answers at ${url} is no Hansa node`,
        remedy: 'name the right address with --rpc URL',
      },
      { cause },
    );
  }
}

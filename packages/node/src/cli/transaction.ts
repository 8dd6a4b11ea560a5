import { type AddressHex, bytesToHex, ChainError, fromHex } from '@hansa/primitives';
import { encodeSignedTransaction } from '@hansa/protocol';
import type { NodeErrorCode } from '../errors.ts';
import { addressOfKey } from './commands/init.ts';
import { callRpc, RpcError } from './rpc-client.ts';

const FINAL_MS_MAX = 30_000;

export type CallRequest = {
  readonly rpc: string;
  readonly key: Uint8Array;
  readonly to: AddressHex;
  readonly data: Uint8Array;
  /** Per gas, in wei; default: what the chain asks for. */
  readonly price?: bigint;
  /** What it is called when the contract says no with a text; default: a system contract of the committee. */
  readonly refused?: (reason: string) => ChainError<NodeErrorCode>;
};
export type FinalCall = { readonly transactionHash: string; readonly height: number; readonly output: string };
type Receipt = { transactionHash: string; blockNumber: string; status: string };

/**
 * Sends a call to a contract and waits until it is final.
 * @throws ChainError CLI_TRANSACTION_FAILED when it is refused, reverted or not final in time
 */
export async function sendCall(call: CallRequest): Promise<FinalCall> {
  const { rpc, key, to, data, price: named, refused = refusedByCommittee } = call;
  const from = `0x${addressOfKey(key)}`;
  const request = { from, to: `0x${to}`, data: `0x${bytesToHex(data)}` };
  const [chainId, nonce, gasPrice, output] = await Promise.all([
    callRpc<string>(rpc, 'eth_chainId'),
    callRpc<string>(rpc, 'eth_getTransactionCount', [from, 'pending']),
    callRpc<string>(rpc, 'eth_gasPrice'),
    callRpc<string>(rpc, 'eth_call', [request, 'latest']).catch((error: unknown) => {
      throw refusalOf(error, refused);
    }),
  ]);
  const gas = BigInt(await callRpc<string>(rpc, 'eth_estimateGas', [request]));
  const price = named ?? BigInt(gasPrice);
  const unsigned = {
    type: 0 as const,
    chainId: Number(chainId),
    nonce: BigInt(nonce),
    gasLimit: (gas * 3n) / 2n,
    maxFeePerGas: price,
    maxPriorityFeePerGas: price,
    to,
    value: 0n,
    data,
    accessList: [],
  };
  const raw = `0x${bytesToHex(encodeSignedTransaction(unsigned, key))}`;
  const receipt = await callRpc<Receipt | null>(
    rpc,
    'eth_sendRawTransactionSync',
    [raw, FINAL_MS_MAX],
    FINAL_MS_MAX + 5_000,
  );
  if (receipt === null || receipt.status !== '0x1') {
    throw new ChainError<NodeErrorCode>({
      code: 'CLI_TRANSACTION_FAILED',
      message:
        receipt === null
          ? 'the transaction is not final after 30 s'
          : `the transaction ${receipt.transactionHash} was reverted`,
      remedy: 'see `hansa status` for why no block comes, or `hansa members` for the present state',
    });
  }
  return { transactionHash: receipt.transactionHash, height: Number(receipt.blockNumber), output };
}

/** What a system contract said no with, as an error with a remedy. */
export function refusedByCommittee(reason: string): ChainError<NodeErrorCode> {
  const message = reason === 'you must be governor' ? NO_ADMIN : `the consortium refuses: ${reason}`;
  const remedy = reason.includes('acceptRisk')
    ? 'see what it means by `hansa gov propose`, and say --accept-risk if you mean it'
    : 'see `hansa members` and `hansa gov list` for the present state; nothing was changed';
  return new ChainError<NodeErrorCode>({ code: 'CLI_TRANSACTION_FAILED', message, remedy });
}

const NO_ADMIN = 'the consortium refuses: the account is no admin account of a governing organisation';

/** Of an error answer of a call: the reason of its revert in words, or the answer itself. */
export function refusalOf(error: unknown, refused: (reason: string) => ChainError<NodeErrorCode>): unknown {
  const match = error instanceof RpcError ? /execution reverted: (.*)$/s.exec(error.message) : null;
  return match === null ? error : refused(match[1] as string);
}

/** A signed number as a system contract returns it. */
export function decodeCode(output: string): number {
  const bytes = fromHex(output.slice(2));
  const value = BigInt.asIntN(256, bytes.length === 0 ? 0n : BigInt(output));
  return Number(value);
}

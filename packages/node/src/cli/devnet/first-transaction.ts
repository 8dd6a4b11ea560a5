import { bytesToHex, ChainError, toAddressHex } from '@hansa/primitives';
import { encodeSignedTransaction } from '@hansa/protocol';
import type { NodeErrorCode } from '../../errors.ts';
import { callRpc } from '../rpc-client.ts';
import { DEVNET_ACCOUNTS, DEVNET_FIRST_KEY } from './accounts.ts';
import type { Devnet } from './layout.ts';

const RECEIPT_MS_MAX = 20_000;
const TRANSFER_GAS = 21_000n;

export type FirstTransaction = { readonly hash: string; readonly height: number; readonly milliseconds: number };

/** Sends a transfer from the first account to the second and waits until it is final. */
export async function sendFirstTransaction(devnet: Devnet): Promise<FirstTransaction> {
  const rpc = (devnet.nodes[0] as { rpc: string }).rpc;
  const from = DEVNET_ACCOUNTS[0] as string;
  const nonce = BigInt(await callRpc<string>(rpc, 'eth_getTransactionCount', [from, 'pending']));
  const gasPrice = BigInt(await callRpc<string>(rpc, 'eth_gasPrice'));
  const transaction = encodeSignedTransaction(
    {
      type: 0,
      chainId: devnet.chainId,
      nonce,
      gasLimit: TRANSFER_GAS,
      maxFeePerGas: gasPrice,
      maxPriorityFeePerGas: gasPrice,
      to: toAddressHex((DEVNET_ACCOUNTS[1] as string).slice(2).toLowerCase()),
      value: 10n ** 18n,
      data: new Uint8Array(0),
      accessList: [],
    },
    DEVNET_FIRST_KEY,
  );
  const sentAt = performance.now();
  const receipt = await callRpc<{ transactionHash: string; blockNumber: string } | null>(
    rpc,
    'eth_sendRawTransactionSync',
    [`0x${bytesToHex(transaction)}`, RECEIPT_MS_MAX],
    RECEIPT_MS_MAX + 5_000,
  );
  if (receipt === null) {
    throw new ChainError<NodeErrorCode>({
      code: 'CLI_TRANSACTION_FAILED',
      message: 'the first transaction is not final after 20 s',
      remedy: 'see `hansa status` of each node for why no block comes',
    });
  }
  return {
    hash: receipt.transactionHash,
    height: Number(receipt.blockNumber),
    milliseconds: Math.round(performance.now() - sentAt),
  };
}

/** Ethereum transactions as they come from clients and peers (spec FMT-20 to FMT-23). */
import { isLowS } from '@hansa/crypto';
import { type AddressHex, bytesToHex, concatBytes, equalBytes, fromHex } from '@hansa/primitives';
import {
  decodeTransaction,
  encodeRlp,
  encodeSignedTransaction,
  type RlpItem,
  recoverSender,
  rlpUint,
  type Transaction,
} from '@hansa/protocol';
import type { Prng } from '../../simulator/prng.ts';
import { accepted, createTarget, type FuzzTarget } from '../target.ts';
import * as values from '../values.ts';

const KEY: Uint8Array = new Uint8Array(32).fill(0x42);

export function transactionTargets(): FuzzTarget[] {
  const common = { generate: signedTransaction, keepsInput: true };
  return [
    createTarget({
      ...common,
      name: 'transaction',
      about: 'transaction: legacy, EIP-2930, EIP-1559',
      decode: (input) => accepted(decodeTransaction(input)),
      check: transactionFault,
    }),
    createTarget({
      ...common,
      name: 'transaction-sender',
      about: 'transaction and the key that signed it',
      // One recovery is some 3 ms where no native engine is at hand.
      budget: { timeMs: 20 },
      decode: (input) => {
        const transaction = accepted(decodeTransaction(input));
        return transaction === undefined ? undefined : accepted(recoverSender(transaction));
      },
      check: (value) => (/^[0-9a-f]{40}$/.test(value.sender) ? undefined : `sender ${value.sender} is no address`),
    }),
  ];
}

export function signedTransaction(prng: Prng): Uint8Array {
  const type = prng.pick([0, 1, 2] as const);
  const price = values.word(prng, 8);
  return encodeSignedTransaction(
    {
      type,
      chainId: prng.pick([1, 20_200, 2 ** 40, Number.MAX_SAFE_INTEGER]),
      nonce: BigInt(values.natural(prng)),
      gasLimit: BigInt(values.natural(prng)),
      maxFeePerGas: price,
      maxPriorityFeePerGas: price / 2n,
      to: values.maybe(prng, values.address),
      value: values.word(prng, 32),
      data: values.bytes(prng, 80),
      accessList:
        type === 0
          ? []
          : values.list(prng, 3, () => ({
              address: values.address(prng),
              storageKeys: values.list(prng, 3, values.hash),
            })),
      lastHeight: type === 0 ? undefined : values.maybe(prng, values.height),
    },
    KEY,
  );
}

function transactionFault(tx: Transaction, input: Uint8Array): string | undefined {
  if (!Number.isSafeInteger(tx.chainId) || tx.chainId < 1) return `chain id ${tx.chainId}`;
  if (tx.maxPriorityFeePerGas > tx.maxFeePerGas) return 'the tip is above the fee cap';
  if (tx.lastHeight !== undefined && !Number.isSafeInteger(tx.lastHeight)) return `last height ${tx.lastHeight}`;
  if (!isLowS(tx.signature.subarray(32))) return 'a high s, so that there is another transaction with the same content';
  if (!equalBytes(tx.bytes, input)) return 'the bytes kept are not those that came';
  const again = encodeAgain(tx);
  return equalBytes(again, input) ? undefined : `accepted, but encoded again it is ${bytesToHex(again)}`;
}

/** By an own, plain encoder: from the decoded fields alone. */
function encodeAgain(tx: Transaction): Uint8Array {
  const chainId = rlpUint(BigInt(tx.chainId));
  const to = tx.to === undefined ? new Uint8Array(0) : fromHex(tx.to);
  const target: readonly RlpItem[] = [rlpUint(tx.gasLimit), to, rlpUint(tx.value), tx.data];
  const parity = BigInt(tx.recovery);
  const scalars = [tx.signature.subarray(0, 32), tx.signature.subarray(32)].map((bytes) => rlpUint(numberOf(bytes)));
  const nonce = rlpUint(tx.nonce);
  if (tx.type === 0) {
    const v = rlpUint(35n + 2n * BigInt(tx.chainId) + parity);
    return encodeRlp([nonce, rlpUint(tx.maxFeePerGas), ...target, v, ...scalars]);
  }
  const fees = tx.type === 1 ? [tx.maxFeePerGas] : [tx.maxPriorityFeePerGas, tx.maxFeePerGas];
  const accessList = tx.accessList.map(
    (entry: { readonly address: AddressHex; readonly storageKeys: readonly string[] }) => [
      fromHex(entry.address),
      entry.storageKeys.map(fromHex),
    ],
  );
  const fields = [chainId, nonce, ...fees.map(rlpUint), ...target, accessList, rlpUint(parity), ...scalars];
  return concatBytes(Uint8Array.of(tx.type), encodeRlp(fields));
}

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${bytesToHex(bytes)}`);

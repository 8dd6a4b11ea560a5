import type { SignedTransaction } from '@hansa/protocol';

/** Gas of a transaction before its execution (EXE-12); Prague, with the source of each figure. */
export const TX_BASE_GAS = 21_000n;
/** EIP-2028. */
const ZERO_BYTE = 4n;
const NON_ZERO_BYTE = 16n;
/** EIP-2. */
const CREATE = 32_000n;
/** EIP-3860, per word of init code. */
const INIT_CODE_WORD = 2n;
/** EIP-2930. */
const ACCESS_LIST_ADDRESS = 2_400n;
const ACCESS_LIST_KEY = 1_900n;
/** EIP-7623, per token of call data. */
const FLOOR_PER_TOKEN = 10n;
/** EIP-3529. */
const REFUND_QUOTIENT = 5n;
/** EIP-3860. */
export const INIT_CODE_SIZE_MAX = 49_152;

type GasFacts = Pick<SignedTransaction, 'to' | 'data' | 'accessList'>;

export type IntrinsicGas = {
  /** Charged before execution. */
  readonly charged: bigint;
  /** Least gas that the transaction pays in the end (EIP-7623). */
  readonly floor: bigint;
};

const LEAST: IntrinsicGas = { charged: TX_BASE_GAS, floor: TX_BASE_GAS };

export function intrinsicGas(transaction: GasFacts): IntrinsicGas {
  if (transaction.to !== undefined && transaction.data.length === 0 && transaction.accessList.length === 0)
    return LEAST;
  let zeroCount = 0;
  for (const byte of transaction.data) if (byte === 0) zeroCount++;
  const nonZeroCount = transaction.data.length - zeroCount;
  let charged = TX_BASE_GAS + BigInt(zeroCount) * ZERO_BYTE + BigInt(nonZeroCount) * NON_ZERO_BYTE;
  if (transaction.to === undefined)
    charged += CREATE + INIT_CODE_WORD * BigInt(Math.ceil(transaction.data.length / 32));
  for (const entry of transaction.accessList)
    charged += ACCESS_LIST_ADDRESS + ACCESS_LIST_KEY * BigInt(entry.storageKeys.length);
  return { charged, floor: TX_BASE_GAS + FLOOR_PER_TOKEN * BigInt(zeroCount + 4 * nonZeroCount) };
}

/** Gas that is paid, from what execution used with the intrinsic gas included. */
export function paidGas(usedGas: bigint, refund: bigint, floor: bigint): bigint {
  const refundMax = usedGas / REFUND_QUOTIENT;
  const after = usedGas - (refund < refundMax ? refund : refundMax);
  return after > floor ? after : floor;
}

/** Price per gas that is paid, for a base fee (EXE-12, EIP-1559). */
export function effectiveGasPrice(
  transaction: Pick<SignedTransaction, 'maxFeePerGas' | 'maxPriorityFeePerGas'>,
  baseFee: bigint,
): bigint {
  const limit = baseFee + transaction.maxPriorityFeePerGas;
  return transaction.maxFeePerGas < limit ? transaction.maxFeePerGas : limit;
}

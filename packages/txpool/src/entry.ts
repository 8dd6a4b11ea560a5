import type { Height } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import type { Origin, PastLeftOut } from './ports.ts';

/** A transaction in the pool. Changed by the pool alone. */
export type Entry = {
  readonly tx: SignedTransaction;
  /** Of `tx`, known to be a safe integer. */
  readonly nonce: number;
  readonly origin: Origin;
  readonly isOwn: boolean;
  /** Order of arrival. */
  readonly sequence: number;
  readonly arrivedAt: number;
  /** What it may cost at the most: gas limit times fee cap, plus value. */
  readonly cost: bigint;
  /** What it pays for a unit of gas; changes with the minimum price. */
  price: bigint;
  /** Height of the proposal in flight that holds it. */
  orderedHeight: Height | undefined;
  /** Place in the gossip log, -1 while it was not put there. */
  logPosition: number;
  leftOut: PastLeftOut | undefined;
  leftOutCount: number;
  isGone: boolean;
};

export const costOf = (tx: SignedTransaction): bigint => tx.gasLimit * tx.maxFeePerGas + tx.value;

/** What a unit of gas pays under a minimum price (EIP-1559 with the minimum as base fee). */
export function priceOf(tx: SignedTransaction, minimumGasPrice: bigint): bigint {
  if (tx.type !== 2) return tx.maxFeePerGas;
  const price = minimumGasPrice + tx.maxPriorityFeePerGas;
  return price < tx.maxFeePerGas ? price : tx.maxFeePerGas;
}

/** Order of selection: the higher price first, then who came first. */
export function isPreferred(a: Entry, b: Entry): boolean {
  return a.price === b.price ? a.sequence < b.sequence : a.price > b.price;
}

import { assert } from '@hansa/primitives';

/** Maxima of the pool, all local to a node. What goes beyond is refused or evicted by name and counted. */
export type PoolLimits = {
  /** Transactions in the pool. */
  readonly transactionCountMax: number;
  /** Bytes of the transactions in the pool. */
  readonly sizeBytesMax: number;
  /** Transactions of one account. */
  readonly accountTransactionCountMax: number;
  /** How far above the account's nonce a transaction's nonce may be. */
  readonly nonceAheadMax: number;
  /** Bytes of one transaction. */
  readonly transactionSizeMax: number;
  /** By how much a replacement must raise both prices, in percent. */
  readonly replacementBumpPercent: number;
  /** Ended transactions whose end can be asked for; the oldest are forgotten first. */
  readonly endedCountMax: number;
  /** Accounts without transactions whose nonce and balance are kept at hand. */
  readonly idleAccountCountMax: number;
  /** Admitted transactions waiting to be passed on to peers; a peer that falls further behind misses the oldest. */
  readonly gossipCountMax: number;
  /** Peers whose share of the gossip is followed. */
  readonly peerCountMax: number;
};

export const DEFAULT_POOL_LIMITS: PoolLimits = {
  transactionCountMax: 65_536,
  sizeBytesMax: 64 * 1024 * 1024,
  accountTransactionCountMax: 8_192,
  nonceAheadMax: 16_384,
  transactionSizeMax: 131_072,
  replacementBumpPercent: 10,
  endedCountMax: 32_768,
  idleAccountCountMax: 16_384,
  gossipCountMax: 65_536,
  peerCountMax: 256,
};

/** @throws InvariantError when limits contradict each other */
export function assertPoolLimits(limits: PoolLimits): void {
  for (const [name, value] of Object.entries(limits)) {
    assert(Number.isSafeInteger(value) && value > 0, `pool limit ${name} must be a positive integer, got ${value}`);
  }
  assert(limits.transactionSizeMax <= limits.sizeBytesMax, 'one transaction must fit the pool');
  assert(limits.accountTransactionCountMax <= limits.transactionCountMax, 'one account must fit the pool');
  assert(limits.accountTransactionCountMax <= limits.nonceAheadMax, 'an account may fill its nonce window');
}

import type { Failure, HashHex } from '@hansa/primitives';

/** Why the pool refused or dropped a transaction. Messages begin with the words that Ethereum clients match on. */
export type PoolCode =
  | 'POOL_ALREADY_KNOWN'
  | 'POOL_INVALID_CHAIN_ID'
  | 'POOL_INVALID_SENDER'
  | 'POOL_SENDER_IS_CONTRACT'
  | 'POOL_OVERSIZED'
  | 'POOL_INIT_CODE_TOO_LARGE'
  | 'POOL_INTRINSIC_GAS_TOO_LOW'
  | 'POOL_EXCEEDS_BLOCK_GAS_LIMIT'
  | 'POOL_EXCEEDS_TRANSACTION_GAS_LIMIT'
  | 'POOL_TIP_ABOVE_FEE_CAP'
  | 'POOL_UNDERPRICED'
  | 'POOL_FEE_CAP_TOO_LOW'
  | 'POOL_NONCE_TOO_LOW'
  | 'POOL_NONCE_TOO_FAR'
  | 'POOL_NONCE_ORDERED'
  | 'POOL_EXPIRED'
  | 'POOL_INSUFFICIENT_FUNDS'
  | 'POOL_REPLACEMENT_UNDERPRICED'
  | 'POOL_ACCOUNT_LIMIT'
  | 'POOL_FULL'
  | 'POOL_LEFT_OUT';

/**
 * How much the sending peer is to blame: `invalid` can be seen without state, an honest peer never sends it;
 * `stale` may cross with a block; `limit` depends on this pool alone.
 */
export type PoolFault = 'invalid' | 'stale' | 'limit';

export type PoolRefusal = Failure<PoolCode> & {
  readonly hash: HashHex;
  readonly fault: PoolFault;
  readonly remedy: string;
};

const FAULTS: Readonly<Record<PoolCode, PoolFault>> = {
  POOL_ALREADY_KNOWN: 'stale',
  POOL_INVALID_CHAIN_ID: 'invalid',
  POOL_INVALID_SENDER: 'invalid',
  POOL_SENDER_IS_CONTRACT: 'stale',
  POOL_OVERSIZED: 'invalid',
  POOL_INIT_CODE_TOO_LARGE: 'invalid',
  POOL_INTRINSIC_GAS_TOO_LOW: 'invalid',
  POOL_EXCEEDS_BLOCK_GAS_LIMIT: 'stale',
  POOL_EXCEEDS_TRANSACTION_GAS_LIMIT: 'stale',
  POOL_TIP_ABOVE_FEE_CAP: 'invalid',
  POOL_UNDERPRICED: 'stale',
  POOL_FEE_CAP_TOO_LOW: 'stale',
  POOL_NONCE_TOO_LOW: 'stale',
  POOL_NONCE_TOO_FAR: 'limit',
  POOL_NONCE_ORDERED: 'stale',
  POOL_EXPIRED: 'stale',
  POOL_INSUFFICIENT_FUNDS: 'stale',
  POOL_REPLACEMENT_UNDERPRICED: 'limit',
  POOL_ACCOUNT_LIMIT: 'limit',
  POOL_FULL: 'limit',
  POOL_LEFT_OUT: 'stale',
};

/** Every code, for tables of the RPC and of metrics. */
export const POOL_CODES: readonly PoolCode[] = Object.keys(FAULTS) as PoolCode[];

export function poolRefusal(code: PoolCode, hash: HashHex, message: string, remedy: string): PoolRefusal {
  return { code, hash, message, remedy, fault: FAULTS[code] };
}

export { POOL_CODES, type PoolCode, type PoolFault, type PoolRefusal } from './errors.ts';
export { DEFAULT_POOL_LIMITS, type PoolLimits } from './limits.ts';
export { createTxPool } from './pool.ts';
export type { Admission, CreateTxPool, TxPool, TxPoolDependencies, TxPoolOptions } from './pool-type.ts';
export type {
  AccountFacts,
  ChainView,
  CommittedFacts,
  EndedTransaction,
  Origin,
  PastLeftOut,
  PoolContent,
  PoolCounts,
  PoolJournal,
  PoolListener,
  PoolMetrics,
  PoolStatus,
  Selection,
  SentRequirement,
} from './ports.ts';

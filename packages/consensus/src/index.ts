export {
  DEFAULT_PBFT_SETTINGS,
  type PbftConfig,
  type RestoredState,
  RULE_IDS,
  type RuleId,
  validateConfig,
} from './config.ts';
export { describeEffect, describeInput, describeMessage } from './describe.ts';
export {
  type DurableRecord,
  type DurableState,
  durableStateFrom,
  EMPTY_DURABLE_STATE,
  isObsoleteRecord,
  LOST_DURABLE_STATE,
  recordKey,
  recordsOf,
  type StoredNewView,
  type VoteStoreState,
} from './durable.ts';
export type { ApprovedVote, PbftEffect, PbftReport, Recipients, UnsignedPbftMessage } from './effect.ts';
export type { FinalHead, PbftInput, PoolState, Verdict } from './input.ts';
export { primaryOf } from './primary.ts';
export { maxFaultyWeight, quorumWeight } from './quorum.ts';
export { REJECT_CODES, type RejectCode } from './reject.ts';
export { PbftReplica } from './replica.ts';
export type { PbftStatus, PeerStatus, ResultGroup, SilenceReason } from './status.ts';

export type * from './block.ts';
export { LEFT_OUT_REASONS } from './block.ts';
export { type ChainParameters, DEFAULT_CHAIN_PARAMETERS } from './chain-parameters.ts';
export type * from './genesis.ts';
export type * from './pbft-message.ts';
export {
  accountKey,
  codeKey,
  type StateChange,
  type StateKey,
  type StateReader,
  storageKey,
  systemKey,
} from './state-key.ts';
export {
  EMPTY_SUBTREE,
  type StateProof,
  stateKeyBit,
  stateLeafDigest,
  verifyStateProof,
} from './state-proof.ts';
export type * from './transaction.ts';
export type * from './validator-set.ts';

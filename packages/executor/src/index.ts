export {
  type AbiType,
  type AbiValue,
  argumentTypes,
  decodeAbi,
  encodeAbi,
  encodeCall,
  selectorOf,
  topicOf,
} from './abi.ts';
export { type AccessListOutcome, createAccessList } from './access-list.ts';
export type { BlockInput, ExecutedBlock } from './block-input.ts';
export { type CallInput, type CallOutcome, type CallRequest, callMessage, wordOf } from './call.ts';
export { EngineDifferenceError } from './engine-difference.ts';
export { blockEnvironment, type EnvironmentFacts } from './environment.ts';
export { type EstimateOutcome, estimateGas } from './estimate-gas.ts';
export { executeBlock } from './execute-block.ts';
export { createdAddress } from './execute-transaction.ts';
export { effectiveGasPrice, INIT_CODE_SIZE_MAX, type IntrinsicGas, intrinsicGas } from './gas.ts';
export { buildGenesisBlock, type GenesisBlock } from './genesis.ts';
export { accountOfNode, isFeeFree } from './governance.ts';
export { loadEngine } from './load-engine.ts';
export type {
  BlockEnvironment,
  EngineName,
  Machine,
  MachineFactory,
  MachineOptions,
  MessageCall,
  MessageResult,
} from './machine.ts';
export type { AccountOverride, StateOverrides } from './overrides.ts';
export { StateOverlay } from './state-overlay.ts';
export { type Joined, type JoinPlace, judgeJoin } from './system/10004-invites.ts';
export { isSystemAddress, SYSTEM_EVENTS } from './system/addresses.ts';
export { SYSTEM_CONTRACTS } from './system/index.ts';
export { DEFAULT_TRACE_LIMITS, type TraceJson, type TraceLimits } from './trace/types.ts';
export {
  type BlockTrace,
  type TraceInput,
  type TraceOutcome,
  type TracerConfig,
  type TracerName,
  traceBlock,
  traceTransaction,
} from './trace.ts';

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
export { compileHotCode } from './compile-hot.ts';
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
export { SET_BYTE_GAS, SET_GAS } from './system/1009-kv-tables.ts';
export { type Joined, type JoinPlace, judgeJoin } from './system/10004-invites.ts';
export { isSystemAddress, KV_TABLES_ADDRESS, SYSTEM_EVENTS, TABLE_MANAGER_ADDRESS } from './system/addresses.ts';
export { SYSTEM_CONTRACTS } from './system/index.ts';
export { GET_SIGNATURE, rowKey, SET_SIGNATURE, tableAddress, WRITTEN_SIGNATURE } from './system/kv-tables.ts';
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

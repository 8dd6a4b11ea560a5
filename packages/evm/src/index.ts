export type { CompilerOptions, GeneratedCode } from './compiler/tier.ts';
export { type ChangeSink, Evm, type EvmOptions } from './evm.ts';
export { isPairingLibraryMissing, type MclModule, usePairingModules } from './precompiles/mcl.ts';
export { type PointProof, verifyPointProof } from './precompiles/point-evaluation.ts';
export type { TracedEnd, TracedFrame, TracedStep, TraceHooks } from './tracing.ts';
export {
  type AccessList,
  type Environment,
  type EvmAccount,
  EvmFault,
  type EvmLog,
  type EvmMessage,
  type EvmResult,
  type EvmRules,
  type EvmStatus,
  type EvmTransaction,
  type Fork,
  type NativeCall,
  type NativeContract,
  type NativeLog,
  type NativeOutcome,
  type Refusal,
  type RuledCall,
  type StatePort,
} from './types.ts';

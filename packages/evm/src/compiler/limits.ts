type LimitName =
  | 'codeBytes'
  | 'heads'
  | 'regionSteps'
  | 'steps'
  | 'blockSteps'
  | 'depth'
  | 'locals'
  | 'moduleBytes'
  | 'cacheBytes'
  | 'cacheCodes'
  | 'queue';

/**
 * What the compiler tier may cost. Whatever exceeds one of these stays, in whole or in part, in the interpreter, whose cost is
 * linear; no limit reaches a result.
 */
export const COMPILER_LIMITS: Readonly<Record<LimitName, number>> = {
  /** Bytes of a code: EIP-170. */
  codeBytes: 24_576,
  /** Places at which compiled code of one contract can be entered. The others are left to the interpreter. */
  heads: 2_000,
  /** Opcodes of one region, counted each time that a path goes through them. */
  regionSteps: 600,
  /** Opcodes of all regions, those that were begun anew included: bounds the time of the generator, without a clock. */
  steps: 60_000,
  /** Opcodes of a block without a jump; a longer one is cut. */
  blockSteps: 64,
  /** Branches within one another in a region. */
  depth: 48,
  /** Local variables of a region, 64 bits each. */
  locals: 2_000,
  /** Bytes of a module. */
  moduleBytes: 256 * 1024,
  /** Modules that are kept, in bytes of WebAssembly, and their count; the machine code is some times as large. */
  cacheBytes: 16 * 1024 * 1024,
  cacheCodes: 512,
  /** Codes that wait to be compiled. Others are asked for again when they are called again. */
  queue: 64,
};

/**
 * What the tracing build tells its host. Both builds are of the same source: in that of record `isTracing` is the constant
 * false, and of calls that stand behind it nothing is left, the imports included.
 */

// @ts-ignore: decorator
@inline
export function isTracing(): bool {
  // @ts-ignore: a constant of the build (scripts/build-evm.ts)
  return hansaTracing != 0;
}

/** An opcode of the frame is about to run; `top` is the top of its stack, `gas` what is left. */
// @ts-ignore: decorator
@external("host", "step")
export declare function hostStep(frame: usize, pc: u32, top: usize, gas: i64, refund: i64): void;

/** A frame begins: its code is that of the account `target`, 0 for a creation with the init code at `data`. */
// @ts-ignore: decorator
@external("host", "enter")
export declare function hostEnter(frame: usize, target: usize, data: usize, size: u32): void;

/**
 * A frame has ended, its output is at `output`. `gas` is what its last opcode has left, `left` what its caller gets back;
 * `logs` counts those of the whole transaction.
 */
// @ts-ignore: decorator
@external("host", "leave")
export declare function hostLeave(
  frame: usize, status: u32, gas: i64, left: i64, refund: i64, logs: u32, output: usize, size: u32,
): void;

/** An account that was cold is warm now; or one of its slots, when `slot` is not 0. */
// @ts-ignore: decorator
@external("host", "access")
export declare function hostAccess(account: usize, slot: usize): void;

/**
 * The door to the compiler tier. A code that was compiled has a function in the table of this module, put there by the host:
 * it goes on with a frame from where it is, as far as it can, and leaves it to the interpreter exactly as the interpreter
 * would have it: next opcode, stack, gas. Which of both has run shows in nothing.
 */
import { CODE_BYTES, CODE_CALLS, CODE_TIER, isKept, keptCode } from './code';
import { F_CODE, F_PC, returnSize } from './frame';
import { hostHot } from './host';
import { isTracing } from './trace';

/** What a compiled function answers: the frame has run out of gas, or the interpreter goes on with it. */
const HALTED: i32 = -2;

/** Calls after which a code is asked for; 0: never. */
let hotCalls: u32 = 0;

export function setHotCalls(calls: u32): void {
  hotCalls = calls;
}

/** Sets the function of a code, 0 to take it away. Not within a message, but when the host is asked for one. */
export function attachCompiled(hash: usize, index: u32): u32 {
  const code = keptCode(hash);
  if (code == 0) return 0;
  store<u32>(code, index, CODE_TIER);
  return 1;
}

/** Runs what is compiled of the frame from its next opcode on. Whether it has run out of gas. */
// @ts-ignore: decorator
@inline
export function runCompiled(fp: usize): bool {
  if (isTracing()) return false;
  const code = <usize>load<u32>(fp, F_CODE);
  if (load<u32>(code, CODE_TIER) == 0) {
    if (hotCalls == 0 || load<u32>(fp, F_PC) != <u32>(code + CODE_BYTES)) return false;
    if (!becomesHot(code)) return false;
  }
  return call_indirect<i32>(load<u32>(code, CODE_TIER), fp) == HALTED;
}

/** Counts a call. Whether the code is compiled now. */
function becomesHot(code: usize): bool {
  const calls = load<u32>(code, CODE_CALLS) + 1;
  if (calls > hotCalls) return false;
  store<u32>(code, calls, CODE_CALLS);
  if (calls != hotCalls || !isKept(code)) return false;
  hostHot(code);
  return load<u32>(code, CODE_TIER) != 0;
}

/** Output of the last call: RETURNDATASIZE. */
export function returnDataSize(): u32 {
  return returnSize;
}

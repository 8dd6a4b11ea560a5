/** How a frame ends. All from `OUT_OF_GAS` on are exceptional halts: they use all gas and are one status to consensus. */
export const OK: u32 = 0;
export const REVERT: u32 = 1;
export const OUT_OF_GAS: u32 = 2;
export const INVALID_OPCODE: u32 = 3;
export const STACK_UNDERFLOW: u32 = 4;
export const STACK_OVERFLOW: u32 = 5;
export const INVALID_JUMP: u32 = 6;
export const STATIC_STATE_CHANGE: u32 = 7;
export const INIT_CODE_TOO_LARGE: u32 = 8;
export const CREATE_COLLISION: u32 = 9;
export const CODE_TOO_LARGE: u32 = 10;
export const CODE_INVALID: u32 = 11;
export const CODE_STORE_OUT_OF_GAS: u32 = 12;
export const INSUFFICIENT_BALANCE: u32 = 13;
/** A precompiled contract that cannot take its input. */
export const NATIVE_FAILURE: u32 = 14;

/** Faults of the engine itself or of the machine: the module traps, and whoever called it must not go on. */
export const FAULT_MEMORY: u32 = 1;
export const FAULT_CAPACITY: u32 = 2;

/** The last fault, for the host to name. */
export let fault: u32 = 0;

export function fail(kind: u32): void {
  fault = kind;
  unreachable();
}

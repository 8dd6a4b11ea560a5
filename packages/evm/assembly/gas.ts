/** Prices in gas, with the source of each, and the table of opcodes of the fork. */
import { MASKS, OPS, STACK_SIZE } from './layout';

/** EIP-2929: what the first access in a transaction costs beyond a warm one, which is in the table. */
export const COLD_ACCOUNT_MORE: i64 = 2500;
export const COLD_ACCOUNT: i64 = 2600;
export const COLD_SLOT: i64 = 2100;
export const WARM: i64 = 100;
/** EIP-2200, 2929. */
export const SSTORE_SENTRY: i64 = 2300;
export const SSTORE_SET: i64 = 20000;
export const SSTORE_RESET: i64 = 2900;
/** EIP-3529. */
export const SSTORE_CLEAR_REFUND: i64 = 4800;
export const REFUND_QUOTIENT: u64 = 5;
/** EIP-161. */
export const NEW_ACCOUNT: i64 = 25000;
export const CALL_VALUE: i64 = 9000;
export const CALL_STIPEND: i64 = 2300;
export const COPY_WORD: i64 = 3;
export const KECCAK_WORD: i64 = 6;
/** EIP-3860. */
export const INIT_CODE_WORD: i64 = 2;
export const INIT_CODE_MAX: u32 = 49152;
/** EIP-170. */
export const CODE_MAX: u32 = 24576;
export const CODE_BYTE: i64 = 200;
/** EIP-160. */
export const EXP_BYTE: i64 = 50;
export const LOG_BYTE: i64 = 8;
/** EIP-2, 2028, 2930, 7623. */
export const TX_BASE: i64 = 21000;
export const TX_CREATE: i64 = 32000;
export const TX_ZERO_BYTE: i64 = 4;
export const TX_BYTE: i64 = 16;
export const TX_LIST_ADDRESS: i64 = 2400;
export const TX_LIST_KEY: i64 = 1900;
export const TX_FLOOR_TOKEN: i64 = 10;

/** Fork: 0 is Cancun, 1 Prague. */
export let fork: u32 = 1;

/** Stack that an undefined opcode takes: more than there is. */
const NEVER: u32 = 0xffff;

function op(code: u32, gas: u32, takes: u32, gives: u32): void {
  const need = takes << 5;
  const more = gives > takes ? (gives - takes) << 5 : 0;
  store<u16>(OPS + (code << 3), <u16>gas);
  store<u16>(OPS + (code << 3), <u16>need, 2);
  store<u32>(OPS + (code << 3), STACK_SIZE - more - need, 4);
}

/** Whether the opcode exists in this fork. */
export function isDefined(code: u32): bool {
  return load<u16>(OPS + (code << 3), 2) != <u16>NEVER;
}

export function takesOf(code: u32): u32 {
  return load<u16>(OPS + (code << 3), 2);
}

export function gasOf(code: u32): u32 {
  return load<u16>(OPS + (code << 3));
}

export function setupOps(chosen: u32): void {
  fork = chosen;
  for (let code: u32 = 0; code < 256; code++) {
    store<u16>(OPS + (code << 3), 0);
    store<u16>(OPS + (code << 3), <u16>NEVER, 2);
    store<u32>(OPS + (code << 3), 0, 4);
  }
  op(0x00, 0, 0, 0); // STOP
  op(0x01, 3, 2, 1); // ADD
  op(0x02, 5, 2, 1); // MUL
  op(0x03, 3, 2, 1); // SUB
  for (let code: u32 = 0x04; code <= 0x07; code++) op(code, 5, 2, 1); // DIV SDIV MOD SMOD
  op(0x08, 8, 3, 1); // ADDMOD
  op(0x09, 8, 3, 1); // MULMOD
  op(0x0a, 10, 2, 1); // EXP
  op(0x0b, 5, 2, 1); // SIGNEXTEND
  for (let code: u32 = 0x10; code <= 0x14; code++) op(code, 3, 2, 1); // LT GT SLT SGT EQ
  op(0x15, 3, 1, 1); // ISZERO
  for (let code: u32 = 0x16; code <= 0x18; code++) op(code, 3, 2, 1); // AND OR XOR
  op(0x19, 3, 1, 1); // NOT
  for (let code: u32 = 0x1a; code <= 0x1d; code++) op(code, 3, 2, 1); // BYTE SHL SHR SAR
  op(0x20, 30, 2, 1); // KECCAK256
  op(0x30, 2, 0, 1); // ADDRESS
  op(0x31, 100, 1, 1); // BALANCE
  for (let code: u32 = 0x32; code <= 0x34; code++) op(code, 2, 0, 1); // ORIGIN CALLER CALLVALUE
  op(0x35, 3, 1, 1); // CALLDATALOAD
  op(0x36, 2, 0, 1); // CALLDATASIZE
  op(0x37, 3, 3, 0); // CALLDATACOPY
  op(0x38, 2, 0, 1); // CODESIZE
  op(0x39, 3, 3, 0); // CODECOPY
  op(0x3a, 2, 0, 1); // GASPRICE
  op(0x3b, 100, 1, 1); // EXTCODESIZE
  op(0x3c, 100, 4, 0); // EXTCODECOPY
  op(0x3d, 2, 0, 1); // RETURNDATASIZE
  op(0x3e, 3, 3, 0); // RETURNDATACOPY
  op(0x3f, 100, 1, 1); // EXTCODEHASH
  op(0x40, 20, 1, 1); // BLOCKHASH
  for (let code: u32 = 0x41; code <= 0x46; code++) op(code, 2, 0, 1); // COINBASE to CHAINID
  op(0x47, 5, 0, 1); // SELFBALANCE
  op(0x48, 2, 0, 1); // BASEFEE
  op(0x49, 3, 1, 1); // BLOBHASH
  op(0x4a, 2, 0, 1); // BLOBBASEFEE
  op(0x50, 2, 1, 0); // POP
  op(0x51, 3, 1, 1); // MLOAD
  op(0x52, 3, 2, 0); // MSTORE
  op(0x53, 3, 2, 0); // MSTORE8
  op(0x54, 100, 1, 1); // SLOAD
  op(0x55, 0, 2, 0); // SSTORE
  op(0x56, 8, 1, 0); // JUMP
  op(0x57, 10, 2, 0); // JUMPI
  for (let code: u32 = 0x58; code <= 0x5a; code++) op(code, 2, 0, 1); // PC MSIZE GAS
  op(0x5b, 1, 0, 0); // JUMPDEST
  op(0x5c, 100, 1, 1); // TLOAD
  op(0x5d, 100, 2, 0); // TSTORE
  op(0x5e, 3, 3, 0); // MCOPY
  op(0x5f, 2, 0, 1); // PUSH0
  for (let code: u32 = 0x60; code <= 0x7f; code++) op(code, 3, 0, 1); // PUSH1 to PUSH32
  for (let n: u32 = 1; n <= 16; n++) op(0x7f + n, 3, n, n + 1); // DUP
  for (let n: u32 = 1; n <= 16; n++) op(0x8f + n, 3, n + 1, n + 1); // SWAP
  for (let n: u32 = 0; n <= 4; n++) op(0xa0 + n, 375 * (n + 1), n + 2, 0); // LOG
  op(0xf0, 32000, 3, 1); // CREATE
  op(0xf1, 100, 7, 1); // CALL
  op(0xf2, 100, 7, 1); // CALLCODE
  op(0xf3, 0, 2, 0); // RETURN
  op(0xf4, 100, 6, 1); // DELEGATECALL
  op(0xf5, 32000, 4, 1); // CREATE2
  op(0xfa, 100, 6, 1); // STATICCALL
  op(0xfd, 0, 2, 0); // REVERT
  op(0xff, 5000, 1, 0); // SELFDESTRUCT
  for (let n: usize = 0; n <= 32; n++) {
    for (let i: usize = 0; i < 32; i++) store<u8>(MASKS + n * 32 + i, i < n ? 0xff : 0);
  }
}

// @ts-ignore: decorator
@inline
export function wordsOf(bytes: u32): i64 {
  return (<i64>bytes + 31) >> 5;
}

/** Price of a memory of so many bytes, a multiple of 32 (Yellow Paper, appendix H). */
// @ts-ignore: decorator
@inline
export function memoryGas(bytes: u32): i64 {
  const words = <i64>(bytes >> 5);
  return words * 3 + ((words * words) >> 9);
}

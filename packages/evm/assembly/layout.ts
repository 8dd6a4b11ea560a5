/**
 * Where everything lies in linear memory. Fixed regions first; behind `DYNAMIC` what grows between transactions
 * (memory.ts), and last, behind all of it, the memory of the call frames, which grows within a transaction.
 *
 * A word of the EVM is 32 bytes: four u64 limbs, least significant first. Addresses are words below 2^160. The host reads
 * these addresses from the exports of the module; nothing is written down twice.
 */

/** Words of the block and the transaction, one per opcode that pushes them. */
export const ENV: usize = 0x1000;
export const ENV_ORIGIN: usize = ENV;
export const ENV_GAS_PRICE: usize = ENV + 32;
export const ENV_COINBASE: usize = ENV + 64;
export const ENV_TIMESTAMP: usize = ENV + 96;
export const ENV_NUMBER: usize = ENV + 128;
export const ENV_RANDOM: usize = ENV + 160;
export const ENV_GAS_LIMIT: usize = ENV + 192;
export const ENV_CHAIN_ID: usize = ENV + 224;
export const ENV_BASE_FEE: usize = ENV + 256;
export const ENV_BLOB_BASE_FEE: usize = ENV + 288;

/** What the host asks for. */
export const MESSAGE: usize = 0x1400;
export const MESSAGE_SENDER: usize = MESSAGE;
export const MESSAGE_TO: usize = MESSAGE + 32;
export const MESSAGE_VALUE: usize = MESSAGE + 64;
/** Cap of the price per gas, which the sender must be able to pay; the price itself is `ENV_GAS_PRICE`. */
export const MESSAGE_FEE_CAP: usize = MESSAGE + 96;
/** u64 each. */
export const MESSAGE_GAS: usize = MESSAGE + 128;
export const MESSAGE_NONCE: usize = MESSAGE + 136;
/** u32 each. */
export const MESSAGE_IS_CREATE: usize = MESSAGE + 144;
export const MESSAGE_DATA: usize = MESSAGE + 148;
export const MESSAGE_DATA_SIZE: usize = MESSAGE + 152;
/** Access list: per address one word, one word with the count of keys, and the keys. */
export const MESSAGE_LIST: usize = MESSAGE + 156;
export const MESSAGE_LIST_COUNT: usize = MESSAGE + 160;

/** What the host is told. */
export const RESULT: usize = 0x1600;
/** u64 each. */
export const RESULT_GAS_USED: usize = RESULT;
export const RESULT_REFUND: usize = RESULT + 8;
/** u32 each. */
export const RESULT_OUTPUT: usize = RESULT + 16;
export const RESULT_OUTPUT_SIZE: usize = RESULT + 20;
export const RESULT_LOGS: usize = RESULT + 24;
export const RESULT_LOG_COUNT: usize = RESULT + 28;
export const RESULT_CREATED: usize = RESULT + 32;
export const RESULT_BLOOM: usize = RESULT + 64;
/** u32 each, filled in by `listDirty`: entries of accounts, ids and count of the dirty ones; the same of slots. */
export const RESULT_DIRTY: usize = RESULT_BLOOM + 256;
/** u32: how the message ended (errors.ts). */
export const RESULT_STATUS: usize = RESULT_DIRTY + 24;

/** A call to the host: what it is given and what it answers. */
export const NATIVE: usize = 0x1800;
export const NATIVE_CALLER: usize = NATIVE;
export const NATIVE_VALUE: usize = NATIVE + 32;
export const NATIVE_ADDRESS: usize = NATIVE + 64;
/** u64: gas that was used. */
export const NATIVE_GAS_USED: usize = NATIVE + 96;
/** u32 each. */
export const NATIVE_IS_STATIC: usize = NATIVE + 104;
export const NATIVE_DEPTH: usize = NATIVE + 108;
export const NATIVE_IS_DELEGATED: usize = NATIVE + 112;
/** Account that the code runs as. */
export const NATIVE_SELF: usize = NATIVE + 128;

/** Per opcode u16 gas, u16 bytes of stack that it takes, u32 bytes that may lie on it beyond these. */
export const OPS: usize = 0x2000;
/** Per count of bytes a mask of 32 bytes that keeps the lowest ones: PUSH. */
export const MASKS: usize = 0x2800;
export const SCRATCH: usize = 0x3000;
export const KECCAK: usize = 0x4000;
/** Inputs and digests of the latest hashes of 64 bytes: 1,024 lines of 96. */
export const KECCAK_MEMO: usize = 0x5000;
export const KECCAK_MEMO_LINES: u32 = 1024;

/** Data and access list of a message, where they fit: the others lie behind the regions that grow. */
export const INPUT: usize = 0x20000;
export const INPUT_SIZE: u32 = 0x10000;

export const FRAMES: usize = 0x40000;
export const FRAME_SIZE: usize = 192;
export const DEPTH_MAX: u32 = 1024;
/** A frame that is none: compiled code is run on it once, to find its stack too high and leave (src/compiler/tier.ts). */
export const WARM_FRAME: usize = 0xf0000;
export const STACKS: usize = 0x100000;
/** Bytes of one full stack. */
export const STACK_SIZE: u32 = 32768;
/** 1,025 frames with 1,024 words each, and a margin. */
export const DYNAMIC: usize = 0x2200000;

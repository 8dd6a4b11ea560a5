import type { EvmStatus } from './types.ts';

/** Offsets of fields within what the module exports the address of: assembly/layout.ts and state.ts. */
export const MESSAGE_FIELDS = {
  to: 32,
  value: 64,
  feeCap: 96,
  gas: 128,
  nonce: 136,
  isCreate: 144,
  data: 148,
  dataSize: 152,
  list: 156,
  listCount: 160,
} as const;

export const RESULT_FIELDS = {
  gasUsed: 0,
  refund: 8,
  output: 16,
  outputSize: 20,
  logs: 24,
  logCount: 28,
  created: 32,
  /** Of accounts and of slots: where entries begin, ids of the dirty ones, their count. */
  dirtyAccounts: 320,
  dirtySlots: 332,
  status: 344,
} as const;

export const NATIVE_FIELDS = {
  value: 32,
  address: 64,
  gasUsed: 96,
  isStatic: 104,
  depth: 108,
  isDelegated: 112,
  self: 128,
  /** Room for a key that the host looks up. */
  key: 192,
} as const;

export const FRAME_FIELDS = {
  base: 8,
  memory: 12,
  memorySize: 16,
  code: 20,
  self: 32,
  caller: 36,
  depth: 44,
  kind: 48,
  logs: 56,
  logCount: 60,
  gas: 72,
  value: 96,
} as const;

/** Bytes of a frame; that of the caller lies below. */
export const FRAME_SIZE = 192;
/** Where the bytes of a code begin, from its header on. */
export const CODE_BYTES = 64;

export const ACCOUNT_FIELDS = { balance: 32 } as const;

export const SLOT_FIELDS = { key: 32, value: 64 } as const;
/** Bytes of an entry of an account or a slot. */
export const ENTRY_SIZE = 128;

/** By number: assembly/errors.ts. */
export const STATUSES: readonly EvmStatus[] = [
  'ok',
  'revert',
  'out of gas',
  'invalid opcode',
  'stack underflow',
  'stack overflow',
  'invalid jump',
  'static state change',
  'init code too large',
  'create collision',
  'code too large',
  'invalid code',
  'code store out of gas',
  'insufficient balance',
  'precompile failure',
];

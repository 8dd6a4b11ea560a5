import type { AddressHex, HashHex } from '@hansa/primitives';
import type { AccessListEntry, Log } from '@hansa/protocol';

export type FrameType = 'CALL' | 'CALLCODE' | 'DELEGATECALL' | 'STATICCALL' | 'CREATE' | 'CREATE2';

/** An opcode, with what it sees before it runs. It is told before anything that comes after it. */
export type EvmStep = {
  readonly pc: number;
  readonly name: string;
  readonly opcode: number;
  /** Left before it. */
  readonly gas: bigint;
  /** Of the opcode, without what it hands on to a frame that it opens. */
  readonly gasCost: bigint;
  readonly refund: bigint;
  /** 1 in the frame of the transaction. */
  readonly depth: number;
  /** Bottom first. */
  readonly stack: readonly bigint[];
  readonly memory: Uint8Array;
  /** Whose storage it sees. */
  readonly address: AddressHex;
  /** Of that account. */
  readonly balance: bigint;
  /** 32 bytes of that account's storage, undefined for zero. Only within the hook; not for an SSTORE. */
  readonly readSlot: (slot: HashHex) => Uint8Array | undefined;
};

/** A call or creation that begins. */
export type EvmFrame = {
  readonly type: FrameType;
  /** 1 for the transaction itself. */
  readonly depth: number;
  readonly from: AddressHex;
  /** Whose code runs; undefined for a creation. */
  readonly to: AddressHex | undefined;
  readonly value: bigint;
  readonly input: Uint8Array;
  readonly gas: bigint;
};

export type EvmFrameResult = {
  readonly gasUsed: bigint;
  readonly output: Uint8Array;
  /** The EVM's word, undefined on success. */
  readonly error: string | undefined;
  readonly createdAddress: AddressHex | undefined;
  /** Of this frame and the frames in it; none when it failed. */
  readonly logs: readonly Log[];
};

/** Sees what the EVM does. What it throws ends the run; nothing of such a run can be used. */
export type EvmTracer = {
  /** Makes every opcode several times as expensive, and copies memory. */
  readonly onStep?: (step: EvmStep) => void;
  readonly onEnter?: (frame: EvmFrame) => void;
  readonly onExit?: (result: EvmFrameResult) => void;
  /** At the end: what was cold when it was first accessed. */
  readonly onAccess?: (accessed: readonly AccessListEntry[]) => void;
};

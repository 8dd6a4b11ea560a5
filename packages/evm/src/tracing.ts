import { type AddressHex, assert, type HashHex } from '@hansa/primitives';
import type { EvmHost } from './host.ts';
import type { EvmExports, TraceImports } from './instance.ts';
import {
  ACCOUNT_FIELDS,
  CODE_BYTES,
  FRAME_FIELDS,
  FRAME_SIZE,
  NATIVE_FIELDS,
  SLOT_FIELDS,
  STATUSES,
} from './layout.ts';
import { readLogs } from './logs.ts';
import type { EvmLog, EvmStatus } from './types.ts';
import type { MemoryView } from './view.ts';

/** An opcode, told when it is over: what it saw before. */
export type TracedStep = {
  readonly pc: number;
  readonly opcode: number;
  /** Left before it. */
  readonly gas: bigint;
  /** Without what it hands on to a frame that it opens. Of one that fails: what it had to pay when it did. */
  readonly gasCost: bigint;
  /** Of the transaction so far, that of an SSTORE included. */
  readonly refund: bigint;
  /** 1 in the frame of the transaction. */
  readonly depth: number;
  /** Bottom first. */
  readonly stack: readonly bigint[];
  /** A copy. */
  readonly memory: Uint8Array;
  /** Whose storage it sees. */
  readonly address: AddressHex;
  /** Of that account. */
  readonly balance: bigint;
  /** Of that account, as it is after the opcode: 32 bytes, undefined for zero. Only within the hook. */
  readonly slot: (slot: HashHex) => Uint8Array | undefined;
};

/** A frame that begins, native contracts included. */
export type TracedFrame = {
  /** The opcode that opens such a frame, of the transaction's own too. */
  readonly opcode: number;
  readonly depth: number;
  /** Who has executed that opcode. */
  readonly from: AddressHex;
  /** Whose code runs; undefined for a creation. */
  readonly to: AddressHex | undefined;
  readonly value: bigint;
  /** A copy. */
  readonly input: Uint8Array;
  readonly gas: bigint;
};

export type TracedEnd = {
  readonly status: EvmStatus;
  readonly gasUsed: bigint;
  /** A copy. */
  readonly output: Uint8Array;
  /** Of a creation, failed ones too. */
  readonly createdAddress: AddressHex | undefined;
  /** Of this frame and the frames in it; none when it failed. Only within the hook. */
  readonly logs: () => readonly EvmLog[];
};

export type TraceHooks = {
  /** Makes every opcode many times as expensive. */
  readonly onStep?: ((step: TracedStep) => void) | undefined;
  readonly onEnter?: ((frame: TracedFrame) => void) | undefined;
  readonly onExit?: ((end: TracedEnd) => void) | undefined;
  /** What was cold until now; failed frames included. */
  readonly onAccess?: ((address: AddressHex, slot: HashHex | undefined) => void) | undefined;
};

const STIPEND = 2_300n;
const CALL = 0xf1;
const CALLCODE = 0xf2;
const DELEGATECALL = 0xf4;
const SSTORE = 0x55;
const CREATES: readonly number[] = [0xf0, 0xf5];

type Pending = Omit<TracedStep, 'gasCost' | 'refund'> & { readonly refundBefore: bigint };
type Engine = {
  readonly engine: EvmExports;
  readonly view: MemoryView;
  readonly host: EvmHost;
  readonly native: number;
};

/** Turns what the tracing build tells into hooks. An opcode is told as soon as it is known what it has cost. */
export class TraceRecorder {
  #attached: Engine | undefined;
  #hooks: TraceHooks = {};
  #pending: Pending | undefined;
  /** Gas with which each open frame began. */
  readonly #gas: bigint[] = [];

  attach(engine: EvmExports, view: MemoryView, host: EvmHost): void {
    this.#attached = { engine, view, host, native: engine.NATIVE.value };
  }

  begin(hooks: TraceHooks): void {
    this.#hooks = hooks;
    this.#pending = undefined;
    this.#gas.length = 0;
  }

  imports(): TraceImports {
    return {
      step: (frame, pc, top, gas, refund) => {
        if (this.#hooks.onStep !== undefined) this.#step(frame >>> 0, { pc, top: top >>> 0, gas, refund });
      },
      enter: (frame, target, data, size) => this.#enter(frame >>> 0, target >>> 0, { data: data >>> 0, size }),
      leave: (frame, status, gas, left, refund, logs, output, size) =>
        this.#leave(frame >>> 0, { status, gas, left, refund, logs, output: output >>> 0, size }),
      access: (account, slot) => {
        const { view } = this.#of;
        this.#hooks.onAccess?.(
          view.readAddress(account >>> 0),
          slot === 0 ? undefined : view.readHash((slot >>> 0) + SLOT_FIELDS.key),
        );
      },
    };
  }

  get #of(): Engine {
    assert(this.#attached !== undefined, 'the recorder is attached before the engine runs');
    return this.#attached;
  }

  #step(frame: number, { pc, top, gas, refund }: StepFacts): void {
    const { view } = this.#of;
    const last = this.#pending;
    if (last !== undefined) {
      // A call that has opened no frame gives back what it would have handed on, the stipend included.
      const stipend = sendsValue(last) ? STIPEND : 0n;
      this.#tell(last.gas - gas + stipend, refund);
    }
    const self = view.u32(frame + FRAME_FIELDS.self);
    const base = view.u32(frame + FRAME_FIELDS.base);
    const memory = view.u32(frame + FRAME_FIELDS.memory);
    const stack: bigint[] = [];
    for (let at = base + 32; at <= top; at += 32) stack.push(view.readBigint(at));
    this.#pending = {
      pc,
      opcode: view.bytes[view.u32(frame + FRAME_FIELDS.code) + CODE_BYTES + pc] as number,
      gas,
      refundBefore: refund,
      depth: view.u32(frame + FRAME_FIELDS.depth) + 1,
      stack,
      memory: view.bytes.slice(memory, memory + view.u32(frame + FRAME_FIELDS.memorySize)),
      address: view.readAddress(self),
      balance: view.readBigint(self + ACCOUNT_FIELDS.balance),
      slot: (slot) => this.#slot(self, slot),
    };
  }

  /** The opcode before what happens now is over. */
  #tell(gasCost: bigint, refund: bigint): void {
    const step = this.#pending;
    if (step === undefined) return;
    this.#pending = undefined;
    const { refundBefore, ...rest } = step;
    this.#hooks.onStep?.({ ...rest, gasCost, refund: step.opcode === SSTORE ? refund : refundBefore });
  }

  #enter(frame: number, target: number, { data, size }: { readonly data: number; readonly size: number }): void {
    const { view } = this.#of;
    const opcode = view.u32(frame + FRAME_FIELDS.kind);
    const gas = view.u64(frame + FRAME_FIELDS.gas);
    const last = this.#pending;
    if (last !== undefined) {
      const left = view.u64(frame - FRAME_SIZE + FRAME_FIELDS.gas);
      this.#tell(last.gas - left - gas + (sendsValue(last) ? STIPEND : 0n), last.refundBefore);
    }
    this.#gas.push(gas);
    const self = view.u32(frame + FRAME_FIELDS.self);
    this.#hooks.onEnter?.({
      opcode,
      depth: view.u32(frame + FRAME_FIELDS.depth) + 1,
      from: view.readAddress(opcode === DELEGATECALL ? self : view.u32(frame + FRAME_FIELDS.caller)),
      to: target === 0 ? undefined : view.readAddress(target),
      value: view.readBigint(frame + FRAME_FIELDS.value),
      input: view.bytes.slice(data, data + size),
      gas,
    });
  }

  #leave(frame: number, { status, gas, left, refund, logs, output, size }: EndFacts): void {
    const { view } = this.#of;
    if (this.#pending !== undefined) this.#tell(this.#pending.gas - gas, refund);
    const begun = this.#gas.pop() ?? 0n;
    const isCreate = CREATES.includes(view.u32(frame + FRAME_FIELDS.kind));
    const count = logs - view.u32(frame + FRAME_FIELDS.logCount);
    this.#hooks.onExit?.({
      status: STATUSES[status] as EvmStatus,
      gasUsed: begun - left,
      output: view.bytes.slice(output, output + size),
      createdAddress: isCreate ? view.readAddress(view.u32(frame + FRAME_FIELDS.self)) : undefined,
      logs: () => readLogs(view, view.u32(frame + FRAME_FIELDS.logs), count),
    });
  }

  #slot(account: number, slot: HashHex): Uint8Array | undefined {
    const { engine, view, host, native } = this.#of;
    const key = native + NATIVE_FIELDS.key;
    view.writeHash(key, slot);
    const entry = engine.slotOf(account, key) >>> 0;
    if (entry === 0) return host.storage(view.readAddress(account), slot);
    const at = entry + SLOT_FIELDS.value;
    return view.isZero(at) ? undefined : view.readWord(at);
  }
}

type StepFacts = { readonly pc: number; readonly top: number; readonly gas: bigint; readonly refund: bigint };
type EndFacts = {
  readonly status: number;
  /** What the last opcode has left. */
  readonly gas: bigint;
  /** What the caller gets back. */
  readonly left: bigint;
  readonly refund: bigint;
  readonly logs: number;
  readonly output: number;
  readonly size: number;
};

const sendsValue = ({ opcode, stack }: Pending): boolean =>
  (opcode === CALL || opcode === CALLCODE) && (stack.at(-3) ?? 0n) > 0n;

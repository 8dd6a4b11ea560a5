import type { EvmStatus, TracedFrame, TraceHooks } from '@hansa/evm';
import { type AddressHex, compareText, type HashHex } from '@hansa/primitives';
import type { AccessListEntry } from '@hansa/protocol';
import type { EvmTracer, FrameType } from './evm-tracer.ts';
import { opcodeName } from './opcode-names.ts';

const FRAME_TYPES: ReadonlyMap<number, FrameType> = new Map([
  [0xf0, 'CREATE'],
  [0xf1, 'CALL'],
  [0xf2, 'CALLCODE'],
  [0xf4, 'DELEGATECALL'],
  [0xf5, 'CREATE2'],
  [0xfa, 'STATICCALL'],
]);

/** A tracer on the hooks of packages/evm. */
export type WasmTrace = {
  readonly hooks: TraceHooks;
  /** After each message. */
  readonly finish: () => void;
};

export function wasmTraceOf(tracer: EvmTracer, wordOf: (status: EvmStatus) => string | undefined): WasmTrace {
  const { onStep, onEnter, onExit, onAccess } = tracer;
  const accessed = new Map<AddressHex, Set<HashHex>>();
  const hooks: TraceHooks = {
    onStep:
      onStep === undefined
        ? undefined
        : (step) => onStep({ ...step, name: opcodeName(step.opcode), readSlot: step.slot }),
    onEnter: onEnter === undefined ? undefined : (frame) => onEnter({ ...frame, type: typeOf(frame) }),
    onExit:
      onExit === undefined
        ? undefined
        : ({ status, logs, ...end }) => onExit({ ...end, error: wordOf(status), logs: logs() }),
    onAccess:
      onAccess === undefined
        ? undefined
        : (address, slot) => {
            const slots = accessed.get(address) ?? new Set();
            if (slot !== undefined) slots.add(slot);
            accessed.set(address, slots);
          },
  };
  const finish = (): void => {
    onAccess?.(entriesOf(accessed));
    accessed.clear();
  };
  return { hooks, finish };
}

function typeOf({ opcode }: TracedFrame): FrameType {
  const type = FRAME_TYPES.get(opcode);
  if (type === undefined) throw new Error(`opcode ${opcode} opens no frame`);
  return type;
}

const entriesOf = (accessed: ReadonlyMap<AddressHex, ReadonlySet<HashHex>>): AccessListEntry[] =>
  [...accessed]
    .map(([address, slots]) => ({ address, storageKeys: [...slots].sort(compareText) }))
    .sort((a, b) => compareText(a.address, b.address));

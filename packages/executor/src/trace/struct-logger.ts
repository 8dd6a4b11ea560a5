import type { AddressHex, HashHex } from '@hansa/primitives';
import { wordOf } from '../call.ts';
import type { EvmFrame, EvmFrameResult, EvmStep } from '../evm-tracer.ts';
import { bigintToHex, dataToHex, wordToHex } from './hex.ts';
import type { TraceBudget, TraceJson, TransactionTracer } from './types.ts';

export type StructLoggerConfig = {
  readonly enableMemory?: boolean;
  readonly disableStack?: boolean;
  readonly disableStorage?: boolean;
  readonly enableReturnData?: boolean;
  /** Entries at the most; 0 for all. */
  readonly limit?: number;
};

type StructLog = {
  pc: number;
  op: string;
  gas: number;
  gasCost: number;
  depth: number;
  error?: string;
  stack?: readonly string[];
  memory?: readonly string[];
  storage?: Readonly<Record<string, string>>;
  returnData?: string;
  refund?: number;
};

const SLOAD = 0x54;
const SSTORE = 0x55;
const CALL_WITH_GAS: ReadonlySet<number> = new Set([0xf1, 0xf2, 0xf4, 0xfa]);
const CALL_STIPEND = 2_300n;
const ENTRY_SIZE = 96;
const WORD_SIZE = 32;
const WORD_TEXT_SIZE = 69;

/** go-ethereum's default tracer: one entry an opcode. */
export function structLogger(
  config: StructLoggerConfig,
  { budget }: { readonly budget: TraceBudget },
): TransactionTracer {
  const logs: StructLog[] = [];
  /** Last entry of each open frame, from the outermost. */
  const open: ({ log: StructLog; opcode: number } | undefined)[] = [];
  const storage = new Map<AddressHex, Record<string, string>>();
  let returnData = new Uint8Array(0);

  const onStep = (step: EvmStep): void => {
    budget.step(step.memory.length);
    if (config.limit !== undefined && config.limit > 0 && logs.length >= config.limit) {
      open[open.length - 1] = undefined;
      return;
    }
    const log = entryOf(step, config);
    if (config.disableStorage !== true) addStorage(log, step);
    if (config.enableReturnData === true && returnData.length > 0) log.returnData = dataToHex(returnData);
    budget.output(sizeOf(log));
    logs.push(log);
    open[open.length - 1] = { log, opcode: step.opcode };
  };

  const addStorage = (log: StructLog, { opcode, stack, address, readSlot }: EvmStep): void => {
    if (opcode !== SLOAD && opcode !== SSTORE) return;
    const slot = stack.at(-1);
    const value = opcode === SLOAD ? undefined : stack.at(-2);
    if (slot === undefined || (opcode === SSTORE && value === undefined)) return;
    const text = wordToHex(slot);
    const stored = value === undefined ? readSlot(text.slice(2) as HashHex) : undefined;
    const known = storage.get(address) ?? {};
    known[text] = value !== undefined ? wordToHex(value) : stored === undefined ? wordToHex(0n) : dataToHex(stored);
    storage.set(address, known);
    log.storage = { ...known };
  };

  const onEnter = (frame: EvmFrame): void => {
    // As in go-ethereum, a call costs what it hands on too.
    const opener = open.at(-1);
    if (opener !== undefined && CALL_WITH_GAS.has(opener.opcode)) {
      const stipend = frame.value > 0n && opener.opcode !== 0xf4 ? CALL_STIPEND : 0n;
      opener.log.gasCost += Number(frame.gas - stipend);
    }
    open.push(undefined);
    returnData = new Uint8Array(0);
  };

  const onExit = ({ error, output }: EvmFrameResult): void => {
    const last = open.pop();
    if (last !== undefined && error !== undefined && error !== 'revert') last.log.error = wordOf(error);
    returnData = output.slice();
  };

  return {
    hooks: { onStep, onEnter, onExit },
    result: ({ gasUsed, output, error }) => ({
      gas: Number(gasUsed),
      failed: error !== undefined,
      returnValue: error === undefined || error === 'revert' ? dataToHex(output) : '0x',
      structLogs: logs as readonly TraceJson[],
    }),
  };
}

function entryOf(step: EvmStep, config: StructLoggerConfig): StructLog {
  const log: StructLog = {
    pc: step.pc,
    op: step.name,
    gas: Number(step.gas),
    gasCost: Number(step.gasCost),
    depth: step.depth,
  };
  if (step.refund > 0n) log.refund = Number(step.refund);
  if (config.disableStack !== true) log.stack = step.stack.map(bigintToHex);
  if (config.enableMemory === true) log.memory = wordsOf(step.memory);
  return log;
}

function wordsOf(memory: Uint8Array): string[] {
  const words: string[] = [];
  for (let at = 0; at + WORD_SIZE <= memory.length; at += WORD_SIZE)
    words.push(dataToHex(memory.subarray(at, at + WORD_SIZE)));
  return words;
}

function sizeOf({ stack, memory, storage, returnData }: StructLog): number {
  let size = ENTRY_SIZE + (returnData?.length ?? 0);
  for (const item of stack ?? []) size += item.length + 3;
  size += (memory?.length ?? 0) * WORD_TEXT_SIZE;
  if (storage !== undefined) size += Object.keys(storage).length * 2 * WORD_TEXT_SIZE;
  return size;
}

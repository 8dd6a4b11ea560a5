import type { AddressHex } from '@hansa/primitives';
import type { Log } from '@hansa/protocol';
import { decodeAbi } from '../abi.ts';
import { wordOf } from '../call.ts';
import type { EvmFrame, EvmFrameResult, EvmStep } from '../evm-tracer.ts';
import { bigintToHex, dataToHex } from './hex.ts';
import type { TraceBudget, TracedTransaction, TraceJson, TransactionTracer } from './types.ts';

export type CallTracerConfig = { readonly onlyTopCall?: boolean; readonly withLog?: boolean };

type TracedLog = { readonly log: Log; readonly position: number };
type Call = {
  type: string;
  readonly from: AddressHex;
  to: AddressHex | undefined;
  readonly value: bigint | undefined;
  gas: bigint;
  gasUsed: bigint;
  readonly input: Uint8Array;
  output: Uint8Array;
  error: string | undefined;
  revertReason: string | undefined;
  calls: Call[];
  logs: TracedLog[];
  /** Logs written so far by this frame's own code. */
  hasSteps: boolean;
};

const SELFDESTRUCT = 0xff;
const LOG0 = 0xa0;
const LOG4 = 0xa4;
const CALL_SIZE = 400;
const NOTHING = new Uint8Array(0);

/** go-ethereum's callTracer: the tree of calls. */
export function callTracer(config: CallTracerConfig, { budget }: { readonly budget: TraceBudget }): TransactionTracer {
  const stack: Call[] = [];
  let root: Call | undefined;

  const onEnter = (frame: EvmFrame): void => {
    const call = callOf(frame);
    if (config.onlyTopCall !== true || frame.depth === 1) budget.output(CALL_SIZE + 2 * frame.input.length);
    if (stack.length === 0) root = call;
    else if (config.onlyTopCall !== true) stack.at(-1)?.calls.push(call);
    stack.push(call);
  };

  const onStep = (step: EvmStep): void => {
    budget.step(step.memory.length);
    const call = stack.at(-1);
    if (call === undefined) return;
    call.hasSteps = true;
    if (step.opcode === SELFDESTRUCT && config.onlyTopCall !== true) addSelfDestruct(call, step);
    if (config.withLog === true && step.opcode >= LOG0 && step.opcode <= LOG4) {
      const log = logOf(step);
      if (log === undefined) return;
      budget.output(CALL_SIZE + 2 * log.data.length);
      call.logs.push({ log, position: call.calls.length });
    }
  };

  const onExit = (result: EvmFrameResult): void => {
    const call = stack.pop();
    if (call === undefined) return;
    if (config.onlyTopCall !== true || stack.length === 0) budget.output(2 * result.output.length);
    finish(call, result);
    // Precompiled code has no opcodes: what it logs is known at its end.
    if (config.withLog === true && !call.hasSteps && call.calls.length === 0)
      for (const log of result.logs) call.logs.push({ log, position: 0 });
  };

  const result = (transaction: TracedTransaction): TraceJson => {
    if (root === undefined) return {};
    root.gas = transaction.gasLimit;
    root.gasUsed = transaction.gasUsed;
    return render(root, { next: 0 });
  };
  return { hooks: { onEnter, onStep, onExit }, result };
}

function callOf({ type, from, to, value, gas, input }: EvmFrame): Call {
  return {
    type,
    from,
    to,
    value: type === 'STATICCALL' ? undefined : value,
    gas,
    gasUsed: 0n,
    input,
    output: NOTHING,
    error: undefined,
    revertReason: undefined,
    calls: [],
    logs: [],
    hasSteps: false,
  };
}

function addSelfDestruct(call: Call, { stack, address, balance }: EvmStep): void {
  const target = stack.at(-1);
  if (target === undefined) return;
  const to = BigInt.asUintN(160, target).toString(16).padStart(40, '0') as AddressHex;
  call.calls.push({
    ...callOf({ type: 'CALL', depth: 0, from: address, to, value: balance, gas: 0n, input: NOTHING }),
    type: 'SELFDESTRUCT',
  });
}

function logOf({ opcode, stack, memory, address }: EvmStep): Log | undefined {
  const count = opcode - LOG0;
  const offset = stack.at(-1);
  const size = stack.at(-2);
  const topics = stack.slice(-2 - count, -2).reverse();
  // A log of such a size runs out of gas.
  if (offset === undefined || size === undefined || topics.length < count || size > 0x100_0000n) return undefined;
  const data = new Uint8Array(Number(size));
  // Memory as it was before: what the log itself adds to it is zero.
  if (offset < BigInt(memory.length)) data.set(memory.subarray(Number(offset), Number(offset + size)));
  return {
    address,
    topics: topics.map((topic) => topic.toString(16).padStart(64, '0') as Log['topics'][number]),
    data,
  };
}

function finish(call: Call, { gasUsed, output, error, createdAddress }: EvmFrameResult): void {
  const isCreation = call.type === 'CREATE' || call.type === 'CREATE2';
  call.gasUsed = gasUsed;
  if (isCreation) call.to = error === undefined ? createdAddress : undefined;
  if (error === undefined) {
    call.output = output.slice();
    return;
  }
  call.error = wordOf(error);
  call.logs = [];
  for (const child of call.calls) dropLogs(child);
  // The opcode that ends a frame was seen before it failed.
  if (call.calls.at(-1)?.type === 'SELFDESTRUCT') call.calls.pop();
  if (error !== 'revert' || output.length === 0) return;
  call.output = output.slice();
  call.revertReason = reasonOf(output);
}

function dropLogs(call: Call): void {
  call.logs = [];
  for (const child of call.calls) dropLogs(child);
}

/** Text of `Error(string)`, undefined for anything else. */
function reasonOf(output: Uint8Array): string | undefined {
  if (dataToHex(output.subarray(0, 4)) !== '0x08c379a0') return undefined;
  const decoded = decodeAbi(['string'], output.subarray(4));
  return decoded?.[0] as string | undefined;
}

function render(call: Call, logIndex: { next: number }): TraceJson {
  const logs: TraceJson[] = [];
  const calls: TraceJson[] = [];
  let rendered = 0;
  // Indices of logs count in the order in which they were written, calls between them included.
  const renderUntil = (count: number): void => {
    for (; rendered < count; rendered++) calls.push(render(call.calls[rendered] as Call, logIndex));
  };
  for (const { log, position } of call.logs) {
    renderUntil(position);
    logs.push({
      address: `0x${log.address}`,
      topics: log.topics.map((topic) => `0x${topic}`),
      data: dataToHex(log.data),
      position: bigintToHex(BigInt(position)),
      index: bigintToHex(BigInt(logIndex.next++)),
    });
  }
  renderUntil(call.calls.length);
  return {
    from: `0x${call.from}`,
    gas: bigintToHex(call.gas),
    gasUsed: bigintToHex(call.gasUsed),
    ...(call.to === undefined ? {} : { to: `0x${call.to}` }),
    input: dataToHex(call.input),
    ...(call.output.length === 0 ? {} : { output: dataToHex(call.output) }),
    ...(call.error === undefined ? {} : { error: call.error }),
    ...(call.revertReason === undefined ? {} : { revertReason: call.revertReason }),
    ...(calls.length === 0 ? {} : { calls }),
    ...(logs.length === 0 ? {} : { logs }),
    ...(call.value === undefined ? {} : { value: bigintToHex(call.value) }),
    type: call.type,
  };
}

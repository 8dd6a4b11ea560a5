/** Runs one input and judges it: exceptions, canonical bytes, time and memory. */
import { equalBytes } from '@hansa/primitives';
import type { FuzzTarget } from './target.ts';

export type FaultKind = 'throws' | 'check' | 'changes input' | 'time' | 'memory' | 'refuses valid';
export type Verdict = { readonly isAccepted: boolean; readonly fault: Fault | undefined; readonly timeMs: number };
export type Fault = { readonly kind: FaultKind; readonly message: string };

const RETRY_COUNT = 5;
const HOPELESS_FACTOR = 20;
/** What the decoder was given is overwritten by this, so that a value that only points into it is found out. */
const SCRIBBLE = 0xa5;

export async function execute(target: FuzzTarget, input: Uint8Array): Promise<Verdict> {
  const given = new Uint8Array(input);
  const startedMs = performance.now();
  let value: unknown;
  try {
    const outcome = target.decode(given);
    value = outcome instanceof Promise ? await outcome : outcome;
  } catch (error) {
    return verdict(false, startedMs, { kind: 'throws', message: firstLines(error) });
  }
  const timeMs = performance.now() - startedMs;
  const isAccepted = value !== undefined;
  if (!equalBytes(given, input)) {
    return { isAccepted, timeMs, fault: { kind: 'changes input', message: 'the bytes that were given were changed' } };
  }
  const allowedMs = timeAllowed(target, input);
  if (timeMs > allowedMs) {
    const leastMs = await processorTime(target, input);
    if (leastMs > allowedMs) {
      const message = `took ${leastMs.toFixed(1)} ms for ${input.length} bytes, allowed ${allowedMs.toFixed(1)}`;
      return { isAccepted, timeMs, fault: { kind: 'time', message } };
    }
  }
  if (!isAccepted) return { isAccepted, timeMs, fault: undefined };
  if (!target.keepsInput) given.fill(SCRIBBLE);
  try {
    const outcome = target.check(value, input);
    const message = outcome instanceof Promise ? await outcome : outcome;
    return { isAccepted, timeMs, fault: message === undefined ? undefined : { kind: 'check', message } };
  } catch (error) {
    return { isAccepted, timeMs, fault: { kind: 'throws', message: `in the check: ${firstLines(error)}` } };
  }
}

const timeAllowed = ({ budget }: FuzzTarget, input: Uint8Array): number =>
  budget.timeMs + (budget.timePerKibMs * input.length) / 1_024;

/** Heap and buffers together. Garbage counts, unless a collection came in between. */
export function memoryInUse(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

export const memoryAllowed = (target: FuzzTarget, input: Uint8Array): number =>
  target.budget.memoryBase + target.budget.memoryPerByte * input.length;

/** The least of several measures, since other work of the process counts too. A collection in between gives too little. */
export async function memoryFault(target: FuzzTarget, input: Uint8Array): Promise<Fault | undefined> {
  const allowed = memoryAllowed(target, input);
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < RETRY_COUNT; i++) {
    const given = new Uint8Array(input);
    const before = memoryInUse();
    const outcome = target.decode(given);
    if (outcome instanceof Promise) await outcome;
    least = Math.min(least, memoryInUse() - before);
    if (least <= allowed) return undefined;
  }
  return { kind: 'memory', message: `took ${least} bytes of memory for ${input.length} bytes, allowed ${allowed}` };
}

/** Least time on the processor of several runs: neither other programs nor the collector count. */
async function processorTime(target: FuzzTarget, input: Uint8Array): Promise<number> {
  let leastUs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < RETRY_COUNT; i++) {
    const given = new Uint8Array(input);
    const before = process.cpuUsage();
    const outcome = target.decode(given);
    if (outcome instanceof Promise) await outcome;
    const { user, system } = process.cpuUsage(before);
    leastUs = Math.min(leastUs, user + system);
    // So slow that no pause explains it.
    if (i > 0 && leastUs > HOPELESS_FACTOR * 1_000 * timeAllowed(target, input)) break;
  }
  return leastUs / 1_000;
}

function verdict(isAccepted: boolean, startedMs: number, fault: Fault): Verdict {
  return { isAccepted, fault, timeMs: performance.now() - startedMs };
}

/** Message and the first places of the stack: enough to find it, and the same for the same fault. */
function firstLines(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const places = (error.stack ?? '')
    .split('\n')
    .filter((line) => line.trim().startsWith('at '))
    .slice(0, 3);
  return [`${error.name}: ${error.message}`, ...places.map((line) => line.trim())].join(' | ');
}

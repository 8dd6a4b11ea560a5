/** What the tracing build tells of random programs is what EthereumJS tells of them. */
import type { MachineOptions } from '@hansa/executor';
import { bytesToHex } from '@hansa/primitives';
import { expect, it } from 'vitest';
import { generateProgram } from '../src/fuzz/evm-program.ts';
import { generateScenario, runOn, scenarioOf } from '../src/fuzz/targets/evm-targets.ts';
import { Prng } from '../src/simulator/prng.ts';

const PROGRAM_COUNT = 250;

type Tracer = NonNullable<MachineOptions['tracer']>;
type Told = { readonly events: string[]; readonly accessed: string[]; stepCount: number };
type Step = Parameters<NonNullable<Tracer['onStep']>>[0];

const stepText = ({ pc, name, gas, gasCost, refund, depth, stack, memory, address }: Step): string[] => [
  `step ${depth} ${pc} ${name} of ${address} gas ${gas}, ${stack.map((word) => word.toString(16)).join(' ')}, memory ${bytesToHex(memory)}`,
  `cost ${gasCost}, refund ${refund}`,
];

/** Of an opcode that fails only what it saw counts: what it would have cost differs, and so do words of engines. */
function recorder(): { readonly told: Told; readonly tracer: Tracer } {
  const told: Told = { events: [], accessed: [], stepCount: 0 };
  let last: Step | undefined;
  const flush = (isFailed: boolean): void => {
    if (last === undefined) return;
    // EthereumJS fails before it tells of a REVERT without operands.
    if (isFailed && last.name === 'REVERT' && last.stack.length < 2) {
      last = undefined;
      return;
    }
    const [seen, cost] = stepText(last) as [string, string];
    told.events.push(...(isFailed ? [seen.replace(/gas \d+/, 'gas')] : [seen, cost]));
    told.stepCount++;
    last = undefined;
  };
  const tracer: Tracer = {
    onStep: (step) => {
      flush(false);
      last = { ...step, memory: step.memory.slice(), stack: [...step.stack] };
    },
    onEnter: ({ type, depth, from, to, value, input, gas }) => {
      flush(false);
      told.events.push(`enter ${depth} ${type} ${from} ${to ?? ''} ${value} ${bytesToHex(input)} gas ${gas}`);
    },
    onExit: ({ gasUsed, output, error, createdAddress, logs }) => {
      // A precompiled contract that refuses its input has reverted, says EthereumJS, and has used all gas.
      const hasCode = last !== undefined || told.events.at(-1)?.startsWith('enter') !== true;
      const isFailed = error !== undefined && (error !== 'revert' || (!hasCode && output.length === 0));
      flush(isFailed);
      const status = isFailed ? 'failed' : (error ?? 'done');
      const logTexts = logs.map(({ address, topics, data }) => `${address} ${topics.join(' ')} ${bytesToHex(data)}`);
      const created = error === undefined ? (createdAddress ?? '') : '';
      told.events.push(`exit ${status} ${gasUsed} ${isFailed ? '' : bytesToHex(output)} ${created} ${logTexts.join()}`);
    },
    onAccess: (entries) => {
      const texts = entries.map(({ address, storageKeys }) => `${address} ${[...storageKeys].sort().join(' ')}`);
      told.accessed.push(texts.sort().join('; '));
    },
  };
  return { told, tracer };
}

const wordsOf = (text: string): string[] => text.split(/[; ]+/).filter((word) => word !== '');

it('EXE-41: every opcode, frame and first access, as EthereumJS tells them', async () => {
  const prng = new Prng(41);
  let stepCount = 0;
  let frameCount = 0;
  let accessCount = 0;
  for (let i = 0; i < PROGRAM_COUNT; i++) {
    const scenario = scenarioOf(generateScenario(prng, generateProgram));
    const [own, other] = [recorder(), recorder()];
    await runOn('wasm', scenario, own.tracer);
    await runOn('ethereumjs', scenario, other.tracer);
    const at = own.told.events.findIndex((text, index) => text !== other.told.events[index]);
    const near = ({ told }: { readonly told: Told }): string[] => told.events.slice(Math.max(0, at - 2), at + 1);
    if (at >= 0) expect(near(own), `program ${i}, event ${at}`).toEqual(near(other));
    expect(own.told.events.length, `program ${i}`).toBe(other.told.events.length);
    // What a frame could not pay for any more the own engine has never fetched.
    const hasFailure = own.told.events.some((text) => text.startsWith('exit failed'));
    const known = new Set(other.told.accessed.flatMap(wordsOf));
    expect(
      own.told.accessed.flatMap(wordsOf).filter((word) => !known.has(word)),
      `program ${i}`,
    ).toEqual([]);
    if (!hasFailure) expect(own.told.accessed, `program ${i}`).toEqual(other.told.accessed);
    accessCount += hasFailure ? 0 : own.told.accessed.filter((text) => text !== '').length;
    stepCount += own.told.stepCount;
    frameCount += own.told.events.filter((text) => text.startsWith('enter')).length;
  }
  expect(stepCount).toBeGreaterThan(50 * PROGRAM_COUNT);
  expect(accessCount).toBeGreaterThan(5);
  expect(frameCount).toBeGreaterThan(3 * PROGRAM_COUNT);
}, 120_000);

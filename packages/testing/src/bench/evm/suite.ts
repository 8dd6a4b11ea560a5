/**
 * `npm run bench -- --suite evm`: the own engine and EthereumJS by turns in one process, in CPU time, which the machine's other
 * work disturbs less than it does the clock. Figures are the median of the rounds; the ratio is that of the medians.
 */
import { writeFileSync } from 'node:fs';
import { initCrypto } from '@hansa/crypto';
import { type BlockBench, createBlockBench } from './block.ts';
import { type Case, createCases } from './cases.ts';
import { type Runner, World } from './world.ts';

export type EvmSuiteOptions = {
  readonly rounds: number;
  /** Accounts of the largest state. */
  readonly accountCount: number;
  /** File for the figures as JSON. */
  readonly out: string | undefined;
};

type Row = {
  readonly name: string;
  readonly wasmMicros: number;
  readonly wasmSpread: readonly [number, number];
  /** With every code compiled. */
  readonly compiledMicros: number;
  readonly compiledRatio: number;
  readonly ethereumjsMicros: number;
  readonly ratio: number;
  readonly ratioMin: number;
  readonly microsMax: number | undefined;
};

/** Whether every figure is within its bound. */
export async function runEvmSuite({ rounds, accountCount, out }: EvmSuiteOptions): Promise<boolean> {
  await initCrypto();
  process.stderr.write('contracts and state …\n');
  const world = new World();
  const cases = await createCases(world, accountCount);
  const runners = { message: world.ownRunner('message'), transaction: world.ownRunner('transaction') };
  const compiledRunners = {
    message: world.ownRunner('message', COMPILER),
    transaction: world.ownRunner('transaction', COMPILER),
  };
  const other = await world.ethereumjsRunner();
  const rows: Row[] = [];
  for (const each of cases) {
    process.stderr.write(`${each.name} …\n`);
    const kind = each.kind ?? 'message';
    rows.push(await measureCase(each, { own: runners[kind], compiled: compiledRunners[kind], other, rounds }));
  }
  const block = await createBlockBench();
  process.stderr.write(`${block.name} …\n`);
  rows.push(await measureBlock(block, rounds));
  const transfer = rows[0] as Row;
  const whole = rows.at(-1) as Row;
  process.stdout.write(
    `${[
      '| case | own engine µs | least to most | compiled µs | EthereumJS µs | ratio | ratio compiled | bound |',
      '| --- | --- | --- | --- | --- | --- | --- | --- |',
      ...rows.map(rowText),
      '',
      `around the EVM: ${(whole.wasmMicros - transfer.wasmMicros).toFixed(1)} µs a transaction`,
    ].join('\n')}\n`,
  );
  if (out !== undefined)
    writeFileSync(out, `${JSON.stringify({ node: process.version, rounds, rows }, undefined, 2)}\n`);
  return rows.every(isWithinBounds);
}

/** Blocks before the first that is measured. */
const BLOCK_WARM_UP = 10;
const COMPILED = 'compiled at once';
/** Of a batch that is not measured. */
const LAST_BATCH = 63;

const COMPILER = { hotCalls: 1, when: 'at once' } as const;

type Engines = {
  readonly own: Runner;
  readonly compiled: Runner;
  readonly other: Runner;
  readonly rounds: number;
};

async function measureCase(each: Case, { own, compiled, other, rounds }: Engines): Promise<Row> {
  const { name, ratioMin, microsMax } = each;
  let made = 0;
  const timed = async (count: number, runner: Runner): Promise<number> => {
    const batch = made++;
    const calls = Array.from({ length: count }, (_, i) => each.call(i, batch));
    return microsOf(count, () => runner(calls));
  };
  await checkAll(each, { own, compiled, other, rounds });
  for (const runner of [own, compiled]) await timed(each.count.wasm, runner);
  const figures = await interleave(rounds, {
    wasm: () => timed(each.count.wasm, own),
    compiled: () => timed(each.count.wasm, compiled),
    ethereumjs: () => timed(each.count.ethereumjs, other),
  });
  return rowOf({ name, ratioMin, microsMax }, figures);
}

/** A case that fails would be quick for nothing; this also warms all up. */
async function checkAll(each: Case, { own, compiled, other }: Engines): Promise<void> {
  const calls = Array.from({ length: each.count.ethereumjs }, (_, i) => each.call(i, LAST_BATCH));
  for (const runner of [own, compiled, other]) {
    const failure = (await runner(calls)).find((error) => error !== undefined);
    if (failure !== undefined) throw new Error(`${each.name} fails: ${failure}`);
  }
}

async function measureBlock({ name, count, run }: BlockBench, rounds: number): Promise<Row> {
  for (let i = 0; i < BLOCK_WARM_UP; i++) for (const engine of ['wasm', COMPILED] as const) await run(engine);
  const figures = await interleave(rounds, {
    wasm: async () => microsOf(count, () => run('wasm')),
    compiled: async () => microsOf(count, () => run(COMPILED)),
    ethereumjs: async () => microsOf(count, () => run('ethereumjs')),
  });
  return rowOf({ name, ratioMin: 20, microsMax: undefined }, figures);
}

type Contender = 'wasm' | 'compiled' | 'ethereumjs';
type Figures = Readonly<Record<Contender, readonly number[]>>;

async function interleave(rounds: number, runs: Readonly<Record<Contender, () => Promise<number>>>): Promise<Figures> {
  const figures: Record<Contender, number[]> = { wasm: [], compiled: [], ethereumjs: [] };
  for (let i = 0; i < rounds; i++) {
    for (const name of ['wasm', 'compiled', 'ethereumjs'] as const) figures[name].push(await runs[name]());
  }
  return figures;
}

/** CPU time of all threads of the process, collector and compiler included, per message. */
async function microsOf(count: number, run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

function rowOf(facts: Pick<Row, 'name' | 'ratioMin' | 'microsMax'>, { wasm, compiled, ethereumjs }: Figures): Row {
  const sorted = [...wasm].sort((a, b) => a - b);
  const [wasmMicros, compiledMicros, ethereumjsMicros] = [median(wasm), median(compiled), median(ethereumjs)];
  return {
    ...facts,
    wasmMicros,
    wasmSpread: [sorted[0] as number, sorted.at(-1) as number],
    compiledMicros,
    ethereumjsMicros,
    ratio: ethereumjsMicros / wasmMicros,
    compiledRatio: ethereumjsMicros / compiledMicros,
  };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

const isWithinBounds = ({ ratio, ratioMin, wasmMicros, microsMax }: Row): boolean =>
  ratio >= ratioMin && (microsMax === undefined || wasmMicros <= microsMax);

function rowText(row: Row): string {
  const { name, wasmMicros, wasmSpread, compiledMicros, ethereumjsMicros, ratio, ratioMin, microsMax } = row;
  const bound = microsMax === undefined ? `≥ ${ratioMin}×` : `≤ ${microsMax} µs`;
  const cells = [
    name,
    wasmMicros.toFixed(1),
    wasmSpread.map((micros) => micros.toFixed(1)).join(' to '),
    compiledMicros.toFixed(1),
    ethereumjsMicros.toFixed(0),
    `${ratio.toFixed(0)}×`,
    `${row.compiledRatio.toFixed(0)}×`,
    `${bound}${isWithinBounds(row) ? '' : ' MISSED'}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

/**
 * `npm run bench -- --suite evm-worst`: which code takes the most time for its gas. Every opcode and precompiled contract with
 * operands that cost it most, then mixtures of them by chance, of which the worst are changed further.
 */
import { writeFileSync } from 'node:fs';
import { initCrypto } from '@hansa/crypto';
import type { Evm } from '@hansa/evm';
import { loadEngine } from '@hansa/executor';
import { type AddressHex, concatBytes } from '@hansa/primitives';
import { Prng } from '../../simulator/prng.ts';
import { largeContract } from './contracts.ts';
import { addressOf, createOwnEvm, OWN_ENVIRONMENT, SENDER, World } from './world.ts';
import { precompileSnippets } from './worst-precompiles.ts';
import { OPCODE_SNIPPETS, programOf, type Snippet } from './worst-snippets.ts';

export type WorstOptions = {
  /** Of the search by chance. */
  readonly seconds: number;
  readonly out: string | undefined;
};

export type Cost = { readonly name: string; readonly msPerMillionGas: number };

const GAS = 2_000_000n;
const CODE_SIZE_MAX = 24_576;
/** Runs of one program; the quickest counts, since others only wait for the machine. */
const RUNS = 3;
const ROWS = 20;
const POPULATION = 12;

/** Milliseconds of CPU for a million gas, the worst first; opcodes and precompiled contracts apart. */
export async function findWorst({ seconds, out }: WorstOptions): Promise<void> {
  await initCrypto();
  const bench = new CostBench();
  const singles = OPCODE_SNIPPETS.map((snippet) => bench.costOf([snippet]));
  const opcodes = sorted([...singles, ...searchMixtures(bench, seconds)]);
  // The first use of a curve asks for its library, which is loaded with the next engine.
  for (const snippet of precompileSnippets()) bench.costOf([snippet]);
  await loadEngine('wasm');
  const precompiles = sorted(precompileSnippets().map((snippet) => bench.costOf([snippet])));
  process.stdout.write(`${tableOf('opcodes', opcodes)}\n${tableOf('precompiled contract', precompiles)}`);
  if (out !== undefined)
    writeFileSync(out, `${JSON.stringify({ node: process.version, opcodes, precompiles }, undefined, 2)}\n`);
}

const sorted = (costs: readonly Cost[]): readonly Cost[] =>
  [...costs].sort((a, b) => b.msPerMillionGas - a.msPerMillionGas);

function tableOf(title: string, costs: readonly Cost[]): string {
  const rows = costs.slice(0, ROWS).map(({ name, msPerMillionGas }) => `| ${name} | ${msPerMillionGas.toFixed(1)} |`);
  return `| ${title} | ms of CPU per million gas |\n| --- | --- |\n${rows.join('\n')}\n`;
}

/** Precompiled contracts are left out: what costs most there is known, and would hide the rest. */
function searchMixtures(bench: CostBench, seconds: number): readonly Cost[] {
  const prng = new Prng(1);
  const endMs = performance.now() + 1_000 * seconds;
  let best: { readonly snippets: readonly Snippet[]; readonly cost: Cost }[] = [];
  while (performance.now() < endMs) {
    const parent = best.length > 0 && prng.chance(0.6) ? prng.pick(best).snippets : [];
    const kept = parent.filter(() => prng.chance(0.7));
    const added = Array.from({ length: 1 + prng.below(3) }, () => prng.pick(OPCODE_SNIPPETS));
    const snippets = [...kept, ...added].slice(0, 6);
    best.push({ snippets, cost: bench.costOf(snippets) });
    best = best.sort((a, b) => b.cost.msPerMillionGas - a.cost.msPerMillionGas).slice(0, POPULATION);
  }
  return best.map(({ cost }) => cost);
}

class CostBench {
  readonly #world = new World();
  readonly #evm = createOwnEvm();
  #number = 0;

  constructor() {
    this.#world.putCode(addressOf(0x100), largeContract(0));
    // As many as the gas of a run reaches; each has another code.
    for (let i = 1; i <= Number(GAS) / 2_600; i++) this.#world.putCode(addressOf(0x1_0000 + i), largeContract(i));
  }

  costOf(snippets: readonly Snippet[]): Cost {
    const name = snippets.map((snippet) => snippet.name).join(' + ');
    const target = addressOf(0x9000_0000 + this.#number++);
    this.#world.putCode(target, programOf(snippets, CODE_SIZE_MAX));
    const data = concatBytes(...snippets.map((snippet) => snippet.data ?? new Uint8Array(0)));
    let best = Number.POSITIVE_INFINITY;
    const isCold = snippets.some((snippet) => snippet.isCold === true);
    for (let i = 0; i < RUNS; i++) best = Math.min(best, this.#run(isCold ? createOwnEvm() : this.#evm, target, data));
    return { name, msPerMillionGas: best };
  }

  #run(evm: Evm, to: AddressHex, data: Uint8Array): number {
    evm.forget();
    evm.bind(this.#world.port(), OWN_ENVIRONMENT);
    const before = process.cpuUsage();
    evm.run({ sender: SENDER, to, data, value: 0n, gasLimit: GAS, gasPrice: 0n, accessList: [] });
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1e3) / Number(evm.gasUsed);
  }
}

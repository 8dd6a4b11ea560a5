/** What kills one mutant: scenario files of consensus first, then seeds of the simulator. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runSeed } from '../simulator/cluster.ts';
import type { Program } from '../simulator/world.ts';
import { MUTANTS } from './list.ts';
import { createNodeCopy, NODE_PACKAGES } from './node-copy.ts';
import { createPatchedProgram, type Patch, readScenarios, removeCopy } from './patched-program.ts';

/** No mutants, but copies of the original, of the core and of whole nodes: nothing may object to them. */
export const ORIGINAL = -1;
export const ORIGINAL_NODES = -2;
/** Of a fault that a test has seen: whether chance sees it, too. */
const KNOWN_SEEDS_MAX = 10;
/** A run of whole nodes takes longer than one of the core. */
const NODE_SEEDS_MAX = 40;
const NODE_KNOWN_SEEDS_MAX = 3;

export type MutantJob = {
  readonly index: number;
  readonly first: number;
  readonly seeds: number;
  /** Each judge is asked only when the ones before have seen nothing. */
  readonly alive: boolean;
};

/** The first seed that a checker objected to. */
export type Kill = { readonly seed: number; readonly checker: string; readonly detail: string };

export type MutantResult = {
  readonly index: number;
  /** Scenario files whose output is another, or that throw. */
  readonly scenarios: readonly string[];
  /** The first other test of consensus, driver or vote store that fails; asked only when no scenario does. */
  readonly test: string | undefined;
  /** Seeds that were run, the killing one included. */
  readonly seedCount: number;
  readonly kill: Kill | undefined;
  /** What it was doing when its time was over. */
  readonly hung: string | undefined;
};

type FromChild =
  | { readonly type: 'at'; readonly what: string; readonly scenarios: readonly string[] }
  | { readonly type: 'result'; readonly result: MutantResult };

/** Runs it in this process; `at` is told what comes next. */
export async function runMutant(
  job: MutantJob,
  at: (what: string, scenarios: readonly string[]) => void = () => {},
): Promise<MutantResult> {
  const { index, alive } = job;
  const patches = MUTANTS[index]?.patches ?? [];
  const packages = index === ORIGINAL_NODES ? NODE_PACKAGES : MUTANTS[index]?.packages;
  if (packages !== undefined) return runNodeMutant(job, { patches, packages }, at);
  const { program, renderScenario, failingTest, remove } = await createPatchedProgram(nameOf(index), patches);
  try {
    const scenarios: string[] = [];
    for (const { name, text } of readScenarios()) {
      at(`scenario ${name}`, scenarios);
      if (!isUnchanged(renderScenario, text)) scenarios.push(name);
    }
    at('tests', scenarios);
    const test = scenarios.length > 0 ? undefined : failingTest();
    const isSeen = scenarios.length > 0 || test !== undefined;
    const count = !isSeen ? job.seeds : alive ? 0 : Math.min(job.seeds, KNOWN_SEEDS_MAX);
    const seeds = runSeedsOf({ ...job, seeds: count }, program, (seed) => at(`seed ${seed}`, scenarios));
    return { index, scenarios, test, ...seeds, hung: undefined };
  } finally {
    remove();
  }
}

/** The tests of its packages, then seeds of whole nodes: a few when a test has seen it. */
function runNodeMutant(
  job: MutantJob,
  fault: { readonly patches: readonly Patch[]; readonly packages: readonly string[] },
  at: (what: string, scenarios: readonly string[]) => void,
): MutantResult {
  const copy = createNodeCopy(nameOf(job.index), fault.patches);
  try {
    at('tests', []);
    const test = copy.failingTest(fault.packages);
    const count = test === undefined ? Math.min(job.seeds, NODE_SEEDS_MAX) : job.alive ? 0 : NODE_KNOWN_SEEDS_MAX;
    at('seeds', []);
    const seeds = copy.firstViolation(job.first, Math.min(count, job.seeds));
    return { index: job.index, scenarios: [], test, ...seeds, hung: undefined };
  } finally {
    copy.remove();
  }
}

function runSeedsOf(
  { first, seeds }: MutantJob,
  program: Program,
  at: (seed: number) => void,
): Pick<MutantResult, 'seedCount' | 'kill'> {
  for (let seed = first; seed < first + seeds; seed++) {
    at(seed);
    const { violation } = runSeed({ seed, program });
    if (violation === undefined) continue;
    const { checker, detail } = violation;
    return { seedCount: seed - first + 1, kill: { seed, checker, detail: detail.split('\n')[0] ?? '' } };
  }
  return { seedCount: seeds, kill: undefined };
}

function isUnchanged(render: (text: string) => string, text: string): boolean {
  try {
    return render(text) === text;
  } catch {
    return false;
  }
}

/** Runs it in a process of its own, since a broken replica may never come to rest. `timeoutMs` is for one scenario or seed. */
export function runMutantInChild(job: MutantJob, timeoutMs: number): Promise<MutantResult> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('child.ts', import.meta.url)), [JSON.stringify(job)], {
      execArgv: ['--conditions=source', '--import', 'tsx'],
      serialization: 'advanced',
    });
    let what = 'its start';
    let result: MutantResult | undefined;
    let isLate = false;
    let scenarios: readonly string[] = [];
    const end = (): void => {
      isLate = true;
      child.kill('SIGKILL');
    };
    let timer = setTimeout(end, timeoutMs);
    child.on('message', (message: FromChild) => {
      clearTimeout(timer);
      timer = setTimeout(end, timeoutMs);
      if (message.type === 'result') result = message.result;
      else ({ what, scenarios } = message);
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      clearTimeout(timer);
      if (result !== undefined) resolve(result);
      else if (isLate) {
        removeCopy(nameOf(job.index), child.pid ?? 0);
        resolve({ index: job.index, scenarios, test: undefined, seedCount: 0, kill: undefined, hung: what });
      } else reject(new Error(`the process of mutant ${job.index} ended with code ${code} in ${what}`));
    });
  });
}

/** The main function of a child process. */
export async function runChild(argument: string | undefined): Promise<void> {
  const tell = (message: FromChild): void => void process.send?.(message);
  const job = JSON.parse(argument ?? '') as MutantJob;
  const result = await runMutant(job, (what, scenarios) => tell({ type: 'at', what, scenarios }));
  tell({ type: 'result', result });
  process.disconnect?.();
}

function nameOf(index: number): string {
  return `mutant-${index}`;
}

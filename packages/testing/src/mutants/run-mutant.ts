/** What kills one mutant: scenario files of consensus first, then seeds of the simulator. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runSeed } from '../simulator/cluster.ts';
import type { Program } from '../simulator/world.ts';
import { MUTANTS } from './list.ts';
import { createPatchedProgram, readScenarios, removeCopy } from './patched-program.ts';

/** No mutant, but a copy of the original: nothing may object to it. */
export const ORIGINAL = -1;

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
  const { program, renderScenario, failingTest, remove } = await createPatchedProgram(nameOf(index), patches);
  try {
    const scenarios: string[] = [];
    for (const { name, text } of readScenarios()) {
      at(`scenario ${name}`, scenarios);
      if (!isUnchanged(renderScenario, text)) scenarios.push(name);
    }
    at('tests', scenarios);
    const test = scenarios.length > 0 ? undefined : failingTest();
    const isEnough = alive && (scenarios.length > 0 || test !== undefined);
    const seeds = isEnough
      ? { seedCount: 0, kill: undefined }
      : runSeedsOf(job, program, (seed) => at(`seed ${seed}`, scenarios));
    return { index, scenarios, test, ...seeds, hung: undefined };
  } finally {
    remove();
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

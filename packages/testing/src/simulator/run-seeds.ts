/** Runs seeds in this process or in several, each with its share. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runSeed } from './cluster.ts';
import type { Profile } from './faults.ts';
import { type SeedResult, toSeedResult } from './summary.ts';

export type SeedJob = {
  readonly first: number;
  readonly count: number;
  readonly profile?: Profile;
  readonly nodes?: number;
};
type Share = SeedJob & { readonly step: number };

/** Calls `onResult` for each seed as it ends; the order among seeds depends on the machine, the results do not. */
export async function runSeeds(job: SeedJob, processes: number, onResult: (result: SeedResult) => void): Promise<void> {
  if (processes <= 1) {
    runShare({ ...job, step: 1 }, onResult);
    return;
  }
  const shares = Array.from({ length: processes }, (_, index) => ({
    ...job,
    first: job.first + index,
    step: processes,
  }));
  await Promise.all(
    shares.map((share) =>
      runInChild({ ...share, count: Math.max(0, job.count - (share.first - job.first)) }, onResult),
    ),
  );
}

function runShare(share: Share, onResult: (result: SeedResult) => void): void {
  const { first, count, step, profile, nodes } = share;
  for (let seed = first; seed < first + count; seed += step) {
    const options = {
      seed,
      ...(profile === undefined ? {} : { profile }),
      ...(nodes === undefined ? {} : { nodes }),
    };
    onResult(toSeedResult(runSeed(options)));
  }
}

function runInChild(share: Share, onResult: (result: SeedResult) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('child.ts', import.meta.url)), [JSON.stringify(share)], {
      execArgv: ['--conditions=source', '--import', 'tsx'],
      serialization: 'advanced',
    });
    child.on('message', (result) => onResult(result as SeedResult));
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a simulating process ended with code ${code}`));
    });
  });
}

/** The main function of a child process. */
export function runChild(argument: string | undefined): void {
  const share = JSON.parse(argument ?? '') as Share;
  const results: SeedResult[] = [];
  runShare(share, (result) => {
    results.push(result);
    process.send?.(result);
  });
}

/** Runs seeds in this process or in several, each with its share. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type RunOptions, type RunReport, runSeed } from './cluster.ts';
import { type NodeRunReport, runNodeSeed } from './node/node-run.ts';
import { type AnyProfile, isNodeProfile } from './options.ts';
import { type SeedResult, toSeedResult } from './summary.ts';

export type SeedJob = {
  readonly first: number;
  readonly count: number;
  readonly profile?: AnyProfile;
  readonly nodes?: number;
};
type Share = SeedJob & { readonly step: number };

/** Calls `onResult` for each seed as it ends; the order among seeds depends on the machine, the results do not. */
export async function runSeeds(job: SeedJob, processes: number, onResult: (result: SeedResult) => void): Promise<void> {
  if (processes <= 1) {
    await runShare({ ...job, step: 1 }, onResult);
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

async function runShare(share: Share, onResult: (result: SeedResult) => void): Promise<void> {
  const { first, count, step, profile, nodes } = share;
  for (let seed = first; seed < first + count; seed += step) {
    const drawn = nodes === undefined ? {} : { nodes };
    onResult(toSeedResult(await runAnySeed({ seed, ...drawn, ...(profile === undefined ? {} : { profile }) })));
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

export async function runAnySeed(
  options: Omit<RunOptions, 'profile'> & { readonly profile?: AnyProfile },
): Promise<RunReport | NodeRunReport> {
  const { profile, ...others } = options;
  if (profile !== undefined && isNodeProfile(profile)) return runNodeSeed({ ...others, profile });
  return runSeed(profile === undefined ? others : { ...others, profile });
}

/** The main function of a child process. */
export async function runChild(argument: string | undefined): Promise<void> {
  const share = JSON.parse(argument ?? '') as Share;
  const results: SeedResult[] = [];
  await runShare(share, (result) => {
    results.push(result);
    process.send?.(result);
  });
}

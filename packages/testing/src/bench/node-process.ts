import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { askAt } from './consortium.ts';
import { sleep } from './load.ts';

const HANSA = fileURLToPath(new URL('../../../node/bin/hansa.js', import.meta.url));
const LOOK_MS = 20;
const WAIT_MS_MAX = 120_000;

/** One node that the bench has killed and starts again, as an operator would. */
export type RestartedNode = {
  /** Milliseconds from the start of the process. */
  readonly answersAfterMs: number;
  /** By SIGKILL, as a power cut would. */
  kill(): Promise<void>;
};

export type RestartOptions = { readonly folder: string; readonly rpc: string; readonly isRebuild: boolean };

/** Starts it; resolves when its RPC says its height. @throws Error when it does not within two minutes */
export async function restartNode({ folder, rpc, isRebuild }: RestartOptions): Promise<RestartedNode> {
  const flags = ['start', '--dir', folder, '--log', 'json', ...(isRebuild ? ['--rebuild'] : [])];
  const startMs = performance.now();
  const child = spawn(process.execPath, [HANSA, ...flags], { stdio: 'ignore' });
  await until(async () => (await heightOf(rpc)) !== undefined, 'the RPC of the node that was started again');
  return { answersAfterMs: performance.now() - startMs, kill: () => killed(child) };
}

/** Undefined while nobody answers. */
export async function heightOf(rpc: string): Promise<number | undefined> {
  try {
    return Number(await askAt<string>(rpc, 'eth_blockNumber', []));
  } catch {
    return undefined;
  }
}

/** Whether the node says of itself that it follows the chain and votes. */
export async function isReady(admin: string): Promise<boolean> {
  try {
    return (await fetch(new URL('/readyz', admin))).ok;
  } catch {
    return false;
  }
}

export async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const endMs = performance.now() + WAIT_MS_MAX;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`not within ${WAIT_MS_MAX / 1_000} s: ${what}`);
    await sleep(LOOK_MS);
  }
}

function killed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

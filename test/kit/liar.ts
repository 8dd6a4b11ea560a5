/** The Byzantine node program as a child process, in the place of a node of a devnet. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LiarAnswer, LiarOrder } from '../../packages/testing/src/byzantine-node/main.ts';
import { follow } from './devnet.ts';

const PROGRAM = fileURLToPath(new URL('../../packages/testing/dist/byzantine-node/main.js', import.meta.url));

export type LiarProcess = {
  readonly pid: number;
  /** From now on these lies and no others; the counts begin anew. */
  play(strategies: readonly string[], seed: number): void;
  /** Lies since `play`, by kind. */
  lies(): Promise<Readonly<Record<string, number>>>;
  logTail(): string;
  stop(): Promise<void>;
};

/** Resolves when the node runs; nobody else may run on its directory. */
export async function startLiar(dir: string): Promise<LiarProcess> {
  const child = fork(PROGRAM, ['--dir', dir], { silent: true, execArgv: [] });
  const running = follow(child);
  const next = (event: LiarAnswer['event']): Promise<LiarAnswer> =>
    new Promise((resolve, reject) => {
      const gone = (code: number | null): void =>
        reject(new Error(`the liar ended with ${code}: ${running.stdout().slice(-2_000)}`));
      const onMessage = (answer: LiarAnswer): void => {
        if (answer.event !== event) return;
        child.off('message', onMessage);
        child.off('exit', gone);
        resolve(answer);
      };
      child.on('message', onMessage);
      child.once('exit', gone);
    });
  const order = (what: LiarOrder): void => void child.send(what);
  await next('started');
  return {
    pid: running.pid,
    play: (strategies, seed) => order({ play: strategies, seed }),
    lies: async () => {
      const told = next('lies');
      order({ report: true });
      const answer = await told;
      return answer.event === 'lies' ? answer.counts : {};
    },
    logTail: () => running.stdout().slice(-4_000),
    stop: async () => {
      running.kill('SIGTERM');
      await running.exited;
    },
  };
}

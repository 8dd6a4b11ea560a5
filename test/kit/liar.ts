/** The Byzantine node program as a child process, in the place of a node. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LIVE_STRATEGIES, type LiveStrategy } from '../../packages/testing/src/byzantine-node/liar-transport.ts';
import type { LiarAnswer, LiarOrder } from '../../packages/testing/src/byzantine-node/main.ts';
import { follow, type RunningNode } from './devnet.ts';

const PROGRAM = fileURLToPath(new URL('../../packages/testing/dist/byzantine-node/main.js', import.meta.url));

/** What a liar does for a while. */
export type LiarPlay = { readonly name: string; readonly strategies: readonly LiveStrategy[] };

/** These lies are told at a view change, and only a primary whose proposals are refused can bring one about. */
const NEEDS_VIEW_CHANGE: readonly LiveStrategy[] = ['forged view-change', 'forged tip', 'made-up certificates'];

/** Each strategy, and all of them together. */
export const LIAR_PLAYS: readonly LiarPlay[] = [
  ...LIVE_STRATEGIES.map((name): LiarPlay => {
    return { name, strategies: NEEDS_VIEW_CHANGE.includes(name) ? [name, 'odd times'] : [name] };
  }),
  { name: 'all together', strategies: LIVE_STRATEGIES.filter((name) => name !== 'silence towards some') },
];

export type LiarProcess = RunningNode & {
  /** Resolves when the node runs; rejects when it ends before. */
  readonly started: Promise<void>;
  /** From now on these lies and no others; the counts begin anew. Not before it has started. */
  play(strategies: readonly LiveStrategy[], seed: number): void;
  /** Lies since `play`, by kind. */
  lies(): Promise<Readonly<Record<string, number>>>;
};

/** Nobody else may run on its directory. It is honest until it is told to play. */
export function startLiar(dir: string): LiarProcess {
  const child = fork(PROGRAM, ['--dir', dir], { silent: true, execArgv: [] });
  const running = follow(child);
  const failure = (code: number | null): Error =>
    new Error(`the liar ended with ${code}: ${running.stdout().slice(-2_000)}`);
  const next = (event: LiarAnswer['event']): Promise<LiarAnswer> =>
    new Promise((resolve, reject) => {
      const gone = (code: number | null): void => reject(failure(code));
      const onMessage = (answer: LiarAnswer): void => {
        if (answer.event !== event) return;
        child.off('message', onMessage);
        child.off('exit', gone);
        resolve(answer);
      };
      child.on('message', onMessage);
      child.once('exit', gone);
    });
  const order = (what: LiarOrder): void => {
    if (!child.connected) throw failure(child.exitCode);
    child.send(what);
  };
  return {
    ...running,
    started: next('started').then(() => undefined),
    play: (strategies, seed) => order({ play: strategies, seed }),
    lies: async () => {
      const told = next('lies');
      order({ report: true });
      const answer = await told;
      return answer.event === 'lies' ? answer.counts : {};
    },
  };
}

/** Four validators under load, one of them a liar: what each strategy costs, and whether the others stay one chain. */
import { processUse } from '../../packages/testing/src/bench/processes.ts';
import { type ChainFault, chainOf, faultsOf } from './chain.ts';
import { heightOf, type ReadyNode, rpc, runHansa, type TestDevnet, until } from './devnet.ts';
import { type LiarPlay, type LiarProcess, startLiar } from './liar.ts';
import { createChance, Load } from './load.ts';
import { endTerm } from './terms.ts';
import { Wallet } from './wallet.ts';

export type LiarRunOptions = {
  /** Four nodes that nobody else uses; they are stopped at the end. */
  readonly net: TestDevnet;
  readonly plays: readonly LiarPlay[];
  /** At least: a play lasts until a lie was told. */
  readonly msPerPlay: number;
  /** How long the consortium is watched without lies: at the beginning, at the end, and before each play if wanted. */
  readonly healthyMs: number;
  readonly isHealthyBefore?: (play: number) => boolean;
  /** Heights of a term: the liar leads the first view of about each fourth one. */
  readonly leaderPeriod: string;
  readonly seed: number;
  /** Accounts that send, each waits for one transaction before its next; 6 by default. */
  readonly accountCount?: number;
  readonly onWatched?: (watched: Watched) => void;
};

/** What was seen in one window. */
export type Watched = {
  /** Undefined: no lies. */
  readonly play: LiarPlay | undefined;
  readonly lies: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly blockCount: number;
  readonly transactionCount: number;
  /** In how much of the time the liar was the primary, 0 to 1. */
  readonly leadShare: number;
  /** Highest of the honest nodes. */
  readonly residentMbMax: number;
};

export type LiarReport = {
  readonly watched: readonly Watched[];
  readonly faults: readonly ChainFault[];
  /** Output of `hansa verify` of an honest node that it is not content with. */
  readonly verifyFailures: readonly string[];
  readonly acknowledgedCount: number;
  readonly refusals: readonly (readonly [string, number])[];
};

const LIAR = 3;
const LOOK_MS = 100;
/** Some lies need their turn, which may come late; what the first of them does belongs to the window. */
const EFFECT_MS = 1_500;
/** Final transactions before anything is measured: programs run faster when they are warm. */
const WARM_COUNT = 150;
/** Of the accounts of the devnet, 0 to 3 govern. */
const FIRST_ACCOUNT = 4;

type Status = {
  readonly primary: string;
  readonly voting: boolean;
  readonly height: string;
  readonly pool: { readonly pending: number; readonly ordered: number };
  readonly peers: readonly { readonly nodeId: string; readonly state: string }[];
};
const statusOf = (node: ReadyNode): Promise<Status> => rpc<Status>(node.rpc, 'hansa_getStatus');

export async function playLiar(options: LiarRunOptions): Promise<LiarReport> {
  const { net, plays, seed, healthyMs, msPerPlay, isHealthyBefore = () => false } = options;
  const honest = net.ready.nodes.filter(({ index }) => index !== LIAR);
  const [first] = honest as [ReadyNode, ...ReadyNode[]];
  const liarNode = net.ready.nodes[LIAR] as ReadyNode;
  const governor = new Wallet(0);
  governor.nonce = Number(await rpc<string>(first.rpc, 'eth_getTransactionCount', [governor.address, 'pending']));
  const sent = await endTerm(first.rpc, governor, options.leaderPeriod);
  await net.kill(LIAR);
  const liar = startLiar(liarNode.dir);
  try {
    await liar.started;
    await until(async () => (await statusOf(liarNode)).voting, 30_000, 'the liar votes');
    const load = new Load({
      urls: () => honest.map((node) => node.rpc),
      accounts: Array.from({ length: options.accountCount ?? 6 }, (_, i) => FIRST_ACCOUNT + i),
      chance: createChance(seed),
      // Most accounts have nothing, and need nothing: gas has no price.
      value: 0n,
    });
    const watched: Watched[] = [];
    const watch = async (play: LiarPlay | undefined, ms: number): Promise<void> => {
      liar.play([], seed);
      // Whoever was refused for what it sent is let in again after a while.
      await until(() => isConnected(first, liarNode), 60_000, 'the liar is connected');
      liar.play(play?.strategies ?? [], seed + watched.length);
      const one = await watchWindow({ play, ms, liar, liarNodeId: liarNode.nodeId, honest });
      watched.push(one);
      options.onWatched?.(one);
    };
    await load.moreFinal(WARM_COUNT);
    await watch(undefined, healthyMs);
    for (const [index, play] of plays.entries()) {
      if (index > 0 && isHealthyBefore(index)) await watch(undefined, healthyMs);
      await watch(play, msPerPlay);
    }
    await watch(undefined, healthyMs);
    await load.stop();
    await until(() => isSettled(honest), 30_000, 'the honest nodes have one head and nothing to do');
    const chains = await Promise.all(honest.map((node) => chainOf(node.rpc)));
    await stop(liar);
    await net.stop();
    const verified = await Promise.all(honest.map(({ dir }) => runHansa(['verify', '--dir', dir], 300_000)));
    return {
      watched,
      faults: faultsOf(chains, [...sent, ...load.acknowledged]),
      verifyFailures: verified.flatMap(({ code, stdout, stderr }) => (code === 0 ? [] : [stdout + stderr])),
      acknowledgedCount: load.acknowledged.size,
      refusals: [...load.refusals],
    };
  } finally {
    await stop(liar);
  }
}

async function stop(liar: LiarProcess): Promise<void> {
  liar.kill('SIGTERM');
  await liar.exited;
}

type WindowOptions = {
  readonly play: LiarPlay | undefined;
  readonly ms: number;
  readonly liar: LiarProcess;
  readonly liarNodeId: string;
  readonly honest: readonly ReadyNode[];
};

async function watchWindow({ play, ms, liar, liarNodeId, honest }: WindowOptions): Promise<Watched> {
  const [first] = honest as [ReadyNode, ...ReadyNode[]];
  const from = await heightOf(first.rpc);
  const startMs = performance.now();
  let [leads, looks, residentMbMax] = [0, 0, 0];
  let liedAtMs = play === undefined ? startMs : Number.POSITIVE_INFINITY;
  await until(
    async () => {
      looks++;
      if ((await statusOf(first)).primary === liarNodeId) leads++;
      for (const { pid } of honest) residentMbMax = Math.max(residentMbMax, processUse(pid)?.residentMb ?? 0);
      if (liedAtMs > performance.now() && countOf(await liar.lies()) > 0) liedAtMs = performance.now();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      return performance.now() >= Math.max(startMs + ms, liedAtMs + EFFECT_MS);
    },
    ms + 60_000,
    `${play?.name ?? 'no lie'} has been played`,
  );
  const seconds = (performance.now() - startMs) / 1_000;
  const to = await heightOf(first.rpc);
  const counts = await Promise.all(
    Array.from({ length: to - from }, (_, i) =>
      rpc<string>(first.rpc, 'eth_getBlockTransactionCountByNumber', [`0x${(from + 1 + i).toString(16)}`]),
    ),
  );
  return {
    play,
    lies: await liar.lies(),
    seconds,
    blockCount: to - from,
    transactionCount: counts.reduce((sum, count) => sum + Number(count), 0),
    leadShare: leads / looks,
    residentMbMax,
  };
}

/** How many lies in all. */
export const countOf = (lies: Readonly<Record<string, number>>): number =>
  Object.values(lies).reduce((sum, count) => sum + count, 0);

async function isConnected(node: ReadyNode, to: ReadyNode): Promise<boolean> {
  const { peers } = await statusOf(node);
  return peers.some(({ nodeId, state }) => nodeId === to.nodeId && state === 'connected');
}

async function isSettled(nodes: readonly ReadyNode[]): Promise<boolean> {
  const states = await Promise.all(nodes.map(statusOf));
  return states.every(({ height, pool }) => height === states[0]?.height && pool.pending + pool.ordered === 0);
}

/** What a block costs by the size of the set, and how a large set goes on while F of it are gone. */
import { ConsensusDriver, createVoteStore, encodePackets, openVoteStore, replaceLostVoteStore } from '@hansa/node';
import { Checkers } from './checkers.ts';
import { EventQueue } from './event-queue.ts';
import type { SimPacket } from './packet.ts';
import { Prng } from './prng.ts';
import { simGenesis } from './sim-chain.ts';
import { createSimDigests, simHash, simNodeId } from './sim-crypto.ts';
import { SimNetwork } from './sim-network.ts';
import { type Run, SimNode } from './sim-node.ts';
import { World } from './world.ts';

export const SCALE_SIZES = [4, 7, 16, 31, 100] as const;

export type ScaleOptions = {
  readonly nodes: number;
  /** The first so many never start: the first views of the chain are theirs. */
  readonly crashed: number;
  readonly blocks: number;
};

export type ScaleRow = ScaleOptions & {
  /** From the start of the network to the first final block, in ms. */
  readonly firstBlockMs: number;
  /** The median time of a later block, from its transaction to its last member, in ms. */
  readonly blockMs: number;
  /** By one member for one block, without the first one. */
  readonly messages: number;
  readonly bytes: number;
  readonly checks: number;
  readonly signatures: number;
};

/** Longer than any time-out of any set: what takes longer has stopped. */
const PATIENCE_US = 600_000_000;

/** @throws RunEnded when a checker objects, Error when a block does not come */
export function runScale({ nodes: count, crashed, blocks }: ScaleOptions): ScaleRow {
  const scale = new Scale(count, crashed);
  const firstBlockMs = scale.nextBlockMs();
  const before = scale.totals();
  const times = Array.from({ length: blocks }, () => scale.nextBlockMs()).sort((a, b) => a - b);
  const after = scale.totals();
  const share = (count - crashed) * blocks;
  return {
    nodes: count,
    crashed,
    blocks,
    firstBlockMs,
    blockMs: times[times.length >> 1] ?? 0,
    messages: (after.messages - before.messages) / share,
    bytes: (after.bytes - before.bytes) / share,
    checks: (after.checks - before.checks) / share,
    signatures: (after.signatures - before.signatures) / share,
  };
}

/** One proposal, and three votes of everybody else. */
export function messagesOfFormula(nodes: number): number {
  return 3 * (nodes - 1) + 1;
}

class Scale {
  readonly #world: World;
  readonly #up: SimNode[] = [];
  readonly #sizes: WeakMap<SimPacket, number> = new WeakMap();
  #messages = 0;
  #bytes = 0;
  #count = 0;

  constructor(count: number, crashed: number) {
    const chance = new Prng(count);
    const validators = Array.from({ length: count }, (_, index) => ({
      nodeId: simNodeId(index),
      weight: 1,
      organisationId: `org${index}`,
    }));
    this.#world = new World({
      queue: new EventQueue(),
      digests: createSimDigests(),
      genesis: simGenesis(validators, { window: 8, leaderPeriod: 1_000 }),
      options: {
        settings: {},
        compactBytesMin: 1_000_000,
        program: { ConsensusDriver, createVoteStore, openVoteStore, replaceLostVoteStore },
      },
      writeTrace: undefined,
    });
    const checkers = new Checkers(this.#world);
    const nodes: SimNode[] = [];
    const watch = (from: SimNode, packet: SimPacket): void => {
      checkers.onSent(from, packet);
      this.#measure(packet);
    };
    const network = new SimNetwork(this.#world, (from, packet) => watch(from as SimNode, packet), chance.fork(1));
    const run: Run = { world: this.#world, network, checkers, nodes, crashed: undefined };
    for (let index = 0; index < count; index++) {
      const node = new SimNode({ index, nodeId: simNodeId(index) }, run, chance.fork(100 + index));
      if (index < crashed) continue;
      nodes.push(node);
      this.#world.nodes.push(node);
      this.#up.push(node);
    }
    for (const node of this.#up) node.start();
  }

  totals(): { messages: number; bytes: number; checks: number; signatures: number } {
    const { checkedCount, signedCount } = this.#world;
    return { messages: this.#messages, bytes: this.#bytes, checks: checkedCount, signatures: signedCount };
  }

  /** Until every member that is up has one block more. */
  nextBlockMs(): number {
    const { queue, transactions } = this.#world;
    const startUs = queue.nowUs;
    const height = Math.max(...this.#up.map((node) => node.height)) + 1;
    const hash = simHash(`transaction ${this.#count++}`);
    transactions.set(hash, { type: 'plain' });
    this.#up[0]?.submit(hash);
    queue.runUntil(startUs + PATIENCE_US, () => this.#up.every((node) => node.height >= height));
    if (this.#up.some((node) => node.height < height))
      throw new Error(`no block ${height} of ${this.#up.length} members`);
    return (queue.nowUs - startUs) / 1_000;
  }

  /** Counted where it is sent: nothing is lost here. */
  #measure(packet: SimPacket): void {
    if (packet.type === 'gossip' || packet.type === 'heartbeat') return;
    if (packet.type === 'sync-request' || packet.type === 'sync-blocks') return;
    let size = this.#sizes.get(packet);
    if (size === undefined) {
      size = 0;
      for (const frame of encodePackets([packet])) size += frame.length;
      this.#sizes.set(packet, size);
    }
    this.#messages++;
    this.#bytes += size;
  }
}

/** A table of all sizes. */
export function scaleLines(sizes: readonly number[], blocks: number): string[] {
  const lines = [
    '| n | crashed | messages | 3(n − 1) + 1 | bytes | signature checks | signatures | first block | later blocks |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
  ];
  for (const nodes of sizes) {
    for (const crashed of [0, Math.floor((nodes - 1) / 3)]) {
      const row = runScale({ nodes, crashed, blocks });
      const cells = [
        nodes,
        crashed,
        row.messages.toFixed(1),
        messagesOfFormula(nodes - crashed),
        Math.round(row.bytes),
        row.checks.toFixed(1),
        row.signatures.toFixed(1),
        `${(row.firstBlockMs / 1_000).toFixed(1)} s`,
        `${row.blockMs.toFixed(0)} ms`,
      ];
      lines.push(`| ${cells.join(' | ')} |`);
    }
  }
  return lines;
}

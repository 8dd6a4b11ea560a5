/** Between a real node and its peers: what it says on the consensus channel passes the strategies of a liar. */
import type { CryptoSuite, PrivateKey } from '@hansa/crypto';
import { type ConsensusDigests, type ConsensusPacket, decodePackets, encodePackets } from '@hansa/node';
import type { RunningNode } from '@hansa/node/program';
import { assert, type HashHex, type NodeId } from '@hansa/primitives';
import { incarnationSigningDigest, pbftSigningDigest, proposalDigest } from '@hansa/protocol';
import {
  Liar,
  type LiarNode,
  type LiarPace,
  type LiarPeer,
  type LiarRun,
  STRATEGIES,
  type Strategy,
} from '../simulator/byzantine.ts';
import type { SimPacket } from '../simulator/packet.ts';
import { Prng } from '../simulator/prng.ts';
import { Flood } from './flood.ts';

/** Those of the simulator that one real process can play, and a flood, which only real queues and CPUs feel. */
export type LiveStrategy = Exclude<Strategy, 'twins' | 'amnesia' | 'censorship'> | 'flood';
export const LIVE_STRATEGIES: readonly LiveStrategy[] = [
  ...STRATEGIES.filter((name) => name !== 'twins' && name !== 'amnesia' && name !== 'censorship'),
  'flood',
];

/** As fast as it makes sense: some 30 times a second, and other victims every few seconds. */
const PACE: LiarPace = { actUs: [10_000, 50_000], redraw: 0.01 };

export const isLiveStrategy = (name: string): name is LiveStrategy => LIVE_STRATEGIES.some((known) => known === name);

export type LiarOptions = {
  readonly suite: CryptoSuite;
  readonly chainId: number;
  readonly groupId: string;
  readonly genesisHash: HashHex;
  readonly privateKey: PrivateKey;
  /** To one peer's queue, past all lies. False: not taken. */
  readonly send: (to: NodeId, frame: Uint8Array) => boolean;
};

type Tamper = Parameters<LiarRun['tamper']>[0];
/** One set of strategies. What it has begun ends when another set is played. */
type Play = { isOver: boolean; tamper: Tamper | undefined };

export class LiarTransport {
  /** How often it has lied, by kind. */
  readonly counts: Map<string, number> = new Map();
  readonly #options: LiarOptions;
  readonly #nodeId: NodeId;
  readonly #digests: ConsensusDigests;
  #node: RunningNode | undefined;
  #play: Play = { isOver: true, tamper: undefined };

  constructor(options: LiarOptions) {
    const { suite, genesisHash, privateKey } = options;
    this.#options = options;
    this.#nodeId = suite.nodeIdOf(privateKey);
    this.#digests = {
      signingDigest: (message) =>
        pbftSigningDigest(suite, genesisHash, message as Parameters<typeof pbftSigningDigest>[2]),
      incarnationDigest: (statement) => incarnationSigningDigest(suite, genesisHash, statement),
      proposalDigest: (proposal) => proposalDigest(suite, proposal),
    };
  }

  onStarted(node: RunningNode): void {
    this.#node = node;
  }

  /** From now on these lies and no others; none: an honest node. MUST NOT be called before the node has started. */
  play(strategies: readonly LiveStrategy[], seed: number): void {
    const node = this.#node;
    assert(node !== undefined, 'lies are told by a node that runs');
    this.#play.isOver = true;
    const play: Play = { isOver: false, tamper: undefined };
    this.#play = play;
    this.counts.clear();
    const chance = new Prng(seed);
    const run = this.#runOf(node, play);
    const liar = liarNodeOf(node);
    const told = strategies.filter((name) => name !== 'flood');
    if (told.length > 0) new Liar(liar, told, run, chance.fork(1));
    if (told.length < strategies.length) {
      const broadcast = (packets: readonly ConsensusPacket[]): void => {
        for (const { nodeId } of this.#peers()) this.#sendPackets(nodeId, packets);
      };
      new Flood(liar, { world: run.world, broadcast }, chance.fork(2));
    }
  }

  /** What the node sends to a peer, or what the strategies make of it. */
  send(to: NodeId, frame: Uint8Array): boolean {
    const { tamper } = this.#play;
    const peer = this.#peers().find(({ nodeId }) => nodeId === to);
    if (tamper === undefined || peer === undefined) return this.#options.send(to, frame);
    const packets = decodePackets(this.#options.suite, frame);
    assert(packets.ok, 'what the node encodes is what it decodes');
    const told = packets.value.flatMap((packet) => tamper(peer, packet)).filter(isConsensusPacket);
    return told.length === 0 || this.#sendPackets(to, told);
  }

  /**
   * What the node hears of a frame. Peers pass on what others have said: of its own lies the node learns nothing, or it
   * would take them for those of a second process with its key, and fall silent.
   */
  receive(frame: Uint8Array): readonly Uint8Array[] {
    const packets = decodePackets(this.#options.suite, frame);
    if (!packets.ok) return [frame];
    const heard = packets.value.filter((packet) => !this.#isOwn(packet));
    if (heard.length === packets.value.length) return [frame];
    return heard.length === 0 ? [] : encodePackets(heard);
  }

  #isOwn(packet: ConsensusPacket): boolean {
    if (packet.type !== 'pbft' || !('sender' in packet.message) || this.#node === undefined) return false;
    const { term } = this.#node.head();
    return term.validators[packet.message.sender]?.nodeId === this.#nodeId;
  }

  #sendPackets(to: NodeId, packets: readonly ConsensusPacket[]): boolean {
    return encodePackets(packets).every((frame) => this.#options.send(to, frame));
  }

  #runOf(node: RunningNode, play: Play): LiarRun {
    const { suite, chainId, groupId, privateKey } = this.#options;
    return {
      world: {
        chainId,
        groupId,
        digests: this.#digests,
        clockMs: () => Date.now(),
        hash: (text) => suite.taggedDigest('hansa/lie/v1', new TextEncoder().encode(text)),
        sign: (digest) => suite.sign(digest, privateKey),
        // What repeats an index is no certificate by its form already: the first frame with it ends the connection.
        certificateStyles: ['others', 'lone'],
        count: (what) => void this.counts.set(what, (this.counts.get(what) ?? 0) + 1),
        queue: {
          after: (delayUs, run) => {
            const timer = setTimeout(() => {
              if (!play.isOver && this.#node === node) run();
            }, delayUs / 1_000);
            timer.unref();
          },
        },
      },
      pace: PACE,
      peers: () => this.#peers(),
      tamper: (change) => {
        play.tamper = change;
      },
      inject: (to, packet) => {
        if (isConsensusPacket(packet)) this.#sendPackets(to.nodeId, [packet]);
      },
    };
  }

  /** The other validators. */
  #peers(): readonly LiarPeer[] {
    const validators = this.#node?.head().term.validators ?? [];
    return validators.flatMap(({ nodeId }, index) => (nodeId === this.#nodeId ? [] : [{ index, nodeId }]));
  }
}

function liarNodeOf(node: RunningNode): LiarNode {
  const { nodeId } = node;
  return {
    nodeId,
    index: node.head().term.validators.findIndex((validator) => validator.nodeId === nodeId),
    label: 'liar',
    isByzantine: true,
    isUp: true,
    get status() {
      return node.status();
    },
    get state() {
      return node.head();
    },
    forget: () => assert(false, 'a process that forgets its votes is another test'),
  };
}

/** All but what only the simulator's nodes say. */
function isConsensusPacket(packet: SimPacket): packet is ConsensusPacket {
  switch (packet.type) {
    case 'gossip':
    case 'heartbeat':
    case 'sync-request':
    case 'sync-blocks':
      return false;
    default:
      return true;
  }
}

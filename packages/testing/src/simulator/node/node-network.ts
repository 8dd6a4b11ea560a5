/**
 * Connections between simulated nodes behind the network's own port: gate, status, heads, channels in order. A stand-in
 * for libp2p: what is sent on a connection arrives late or with its end not at all, a cut holds it up until the
 * connection times out.
 */
import { type ConsensusPacket, decodePackets, encodePackets, type NodeCoreDependencies } from '@hansa/node';
import type { HashHex, Height, NodeId } from '@hansa/primitives';
import { describePacket } from '../packet.ts';
import type { Prng } from '../prng.ts';
import type { DelayProfile } from '../sim-network.ts';
import { NODE_SUITE } from './node-crypto.ts';
import type { NodeWorld } from './node-world.ts';

type NetworkPort = NodeCoreDependencies['network'];
type Channel = Parameters<NetworkPort['send']>[1];
type FrameHandler = Parameters<NetworkPort['onFrame']>[1];
type PeerListener = Parameters<NetworkPort['onPeerUp']>[0];
type DownListener = Parameters<NetworkPort['onPeerDown']>[0];
type Head = Parameters<NetworkPort['setLocalStatus']>[0];

/** A node as the network sees it. */
export type NetworkNode = {
  /** Its place among all nodes. */
  readonly index: number;
  readonly nodeId: NodeId;
  readonly label: string;
  readonly isUp: boolean;
  readonly isPaused: boolean;
  readonly endpoint: Endpoint | undefined;
  announcedHeight(height: Height): Height;
  onAnnounced(height: number): void;
  boundary(operation: string): void;
  later(delayUs: number, run: () => void): void;
  enterWhenAwake(run: () => void): void;
};

/** True: nothing gets from the one to the other. */
export type Cut = (from: NetworkNode, to: NetworkNode) => boolean;
/** True: this packet does not arrive. */
export type Mute = (from: NetworkNode, to: NetworkNode, packet: ConsensusPacket) => boolean;
/** A member that does not send what its driver gives it: what goes to `to` instead. */
export type PacketTamper = (from: NetworkNode, to: NetworkNode, packet: ConsensusPacket) => readonly ConsensusPacket[];
/** The same for whole frames of the other channels. */
export type FrameTamper = (
  from: NetworkNode,
  to: NetworkNode,
  channel: Channel,
  bytes: Uint8Array,
) => readonly Uint8Array[];

/** As in packages/network: heartbeat time-out, pause after a broken rule, least time between two heads. */
const SILENCE_MAX_US = 5_000_000;
const BAN_US = 10_000_000;
const HEAD_INTERVAL_US = 100_000;
/** A connection is looked for, and found broken, at these moments. */
const TICK_US = 100_000;
/** Frames of one direction and channel that are on their way. */
const IN_FLIGHT_MAX = 1_000;
const CHANNEL_NUMBER: Readonly<Record<Channel, number>> = { consensus: 1, transactions: 2, sync: 3 };

export class NodeNetwork {
  delay: DelayProfile = 'lan';
  /** Of consensus frames: what a full queue drops. */
  lossRate = 0;
  readonly cuts: Map<string, Cut> = new Map();
  readonly mutes: Map<string, Mute> = new Map();
  readonly tampers: Map<NetworkNode, PacketTamper> = new Map();
  readonly frameTampers: Map<NetworkNode, FrameTamper> = new Map();
  /** Sees every packet of a member that does not tamper. */
  onSent: (from: NetworkNode, packet: ConsensusPacket) => void = () => {};
  /** An honest node says that another one broke a rule. */
  onPenalised: (by: NetworkNode, peer: NodeId, message: string) => void = () => {};
  readonly nodes: readonly NetworkNode[];
  readonly #world: NodeWorld;
  readonly #chance: Prng;
  readonly #links: Map<number, Link> = new Map();
  readonly #decoded: WeakMap<Uint8Array, readonly ConsensusPacket[]> = new WeakMap();

  constructor(world: NodeWorld, nodes: readonly NetworkNode[], chance: Prng) {
    this.#world = world;
    this.nodes = nodes;
    this.#chance = chance;
    this.#tickForever();
  }

  isCut(a: NetworkNode, b: NetworkNode): boolean {
    for (const cut of this.cuts.values()) if (cut(a, b) || cut(b, a)) return true;
    return false;
  }

  heal(): void {
    this.delay = 'lan';
    this.lossRate = 0;
    this.cuts.clear();
    this.mutes.clear();
  }

  linkOf(a: NetworkNode, b: NetworkNode): Link | undefined {
    return this.#links.get(pairOf(a, b));
  }

  /** Its process is gone. Peers learn it at once, or by silence. */
  onCrash(node: NetworkNode): void {
    for (const link of this.#links.values()) {
      if (!link.has(node)) continue;
      link.brokenUs ??= this.#world.queue.nowUs;
      if (this.#chance.chance(0.5)) link.brokenUs = Number.NEGATIVE_INFINITY;
    }
  }

  /** Something that `from` says on its own. */
  inject(from: NetworkNode, to: NetworkNode, packet: ConsensusPacket): void {
    const link = this.linkOf(from, to);
    if (link === undefined || !from.isUp) return;
    for (const bytes of encodePackets([packet])) this.#carry(link, from, to, 'consensus', bytes);
  }

  injectFrame(from: NetworkNode, to: NetworkNode, channel: Channel, bytes: Uint8Array): void {
    const link = this.linkOf(from, to);
    if (link !== undefined && from.isUp) this.#carry(link, from, to, channel, bytes);
  }

  /** False: not connected, or refused because too much is on its way. */
  send(from: NetworkNode, toId: NodeId, channel: Channel, bytes: Uint8Array): boolean {
    const to = this.nodes.find(({ nodeId }) => nodeId === toId);
    if (to === undefined || to === from) return false;
    const link = this.linkOf(from, to);
    if (link === undefined) return false;
    if (link.queueOf(from, channel).inFlight >= IN_FLIGHT_MAX) {
      this.#world.count('queue full');
      return false;
    }
    for (const changed of this.#changed(from, to, channel, bytes)) this.#carry(link, from, to, channel, changed);
    return true;
  }

  #changed(from: NetworkNode, to: NetworkNode, channel: Channel, bytes: Uint8Array): readonly Uint8Array[] {
    if (channel !== 'consensus') return this.frameTampers.get(from)?.(from, to, channel, bytes) ?? [bytes];
    if (this.lossRate > 0 && this.#chance.chance(this.lossRate)) {
      this.#world.count('lost');
      return [];
    }
    const tamper = this.tampers.get(from);
    let packets = this.#packetsOf(bytes);
    if (tamper === undefined) for (const packet of packets) this.onSent(from, packet);
    if (tamper === undefined && this.mutes.size === 0) return [bytes];
    if (tamper !== undefined) packets = packets.flatMap((packet) => tamper(from, to, packet));
    packets = packets.filter((packet) => {
      for (const mute of this.mutes.values()) if (mute(from, to, packet)) return false;
      return true;
    });
    return packets.length === 0 ? [] : encodePackets(packets);
  }

  /** A broadcast is one array of bytes. */
  #packetsOf(bytes: Uint8Array): readonly ConsensusPacket[] {
    let packets = this.#decoded.get(bytes);
    if (packets === undefined) {
      const decoded = decodePackets(NODE_SUITE, bytes);
      if (!decoded.ok) this.#world.fail('exception', `a frame does not decode: ${decoded.error.message}`);
      packets = decoded.value;
      this.#decoded.set(bytes, packets);
    }
    return packets;
  }

  #carry(link: Link, from: NetworkNode, to: NetworkNode, channel: Channel, bytes: Uint8Array): void {
    if (link.brokenUs !== undefined) return;
    const queue = link.queueOf(from, channel);
    queue.inFlight++;
    const { nowUs } = this.#world.queue;
    // In order, as a stream is.
    queue.arrivalUs = Math.max(queue.arrivalUs + 1, nowUs + this.#delayUs(from, to));
    this.#world.queue.at(queue.arrivalUs, () => this.#arrive({ link, from, to, channel, bytes }));
  }

  #arrive(frame: Frame): void {
    const { link, from, to, channel, bytes } = frame;
    const queue = link.queueOf(from, channel);
    if (!this.#isCurrent(link) || link.brokenUs !== undefined) return;
    if (this.isCut(from, to)) {
      link.heldUp.push(frame);
      return;
    }
    queue.inFlight--;
    this.#world.mark(this.#world.queue.nowUs, from.index, to.index, CHANNEL_NUMBER[channel], bytes.length);
    if (this.#world.isTraced) this.#traceFrame(frame);
    queue.waiting.push(bytes);
    to.enterWhenAwake(() => this.#handle(frame, queue));
  }

  #traceFrame({ from, to, channel, bytes }: Frame): void {
    const text = channel === 'consensus' ? this.#packetsOf(bytes).map(describeAny).join('; ') : channel;
    this.#world.trace(() => `${from.label}>${to.label} ${text}`);
  }

  /** While the handler of one frame works, the next of its channel waits. */
  #handle({ link, from, to, channel }: Frame, queue: Queue): void {
    if (queue.isBusy) return;
    const bytes = queue.waiting.shift();
    const handler = to.endpoint?.handlers.get(channel);
    if (bytes === undefined || handler === undefined || !this.#isCurrent(link)) return;
    const next = (): void => this.#handle({ link, from, to, channel, bytes }, queue);
    const done = handler(from.nodeId, bytes);
    if (done === undefined) {
      next();
      return;
    }
    queue.isBusy = true;
    done.then(
      () => {
        queue.isBusy = false;
        next();
      },
      (error: unknown) => this.#world.note('exception', `${to.label}: a frame of ${channel} ends in ${String(error)}`),
    );
  }

  #isCurrent(link: Link): boolean {
    return this.#links.get(pairOf(link.a.node, link.b.node)) === link;
  }

  #tickForever(): void {
    this.#world.queue.after(TICK_US, () => {
      for (const [index, a] of this.nodes.entries()) {
        for (const b of this.nodes.slice(index + 1)) this.#tickPair(a, b);
      }
      this.#tickForever();
    });
  }

  #tickPair(a: NetworkNode, b: NetworkNode): void {
    const link = this.linkOf(a, b);
    const { nowUs } = this.#world.queue;
    if (link === undefined) {
      if (this.#mayConnect(a, b)) this.#connect(a, b);
      return;
    }
    // A process that has come back gets a new connection, which replaces the old one.
    const isBroken = link.brokenUs !== undefined && (nowUs - link.brokenUs >= SILENCE_MAX_US || this.#mayConnect(a, b));
    if (isBroken || !link.isAdmitted()) {
      this.close(link);
      return;
    }
    if (!this.isCut(a, b)) {
      link.cutUs = undefined;
      for (const frame of link.heldUp.splice(0)) this.#arrive(frame);
      return;
    }
    link.cutUs ??= nowUs;
    if (nowUs - link.cutUs >= SILENCE_MAX_US) this.close(link);
  }

  #mayConnect(a: NetworkNode, b: NetworkNode): boolean {
    const [left, right] = [a.endpoint, b.endpoint];
    if (left === undefined || right === undefined || !left.isStarted || !right.isStarted) return false;
    return left.admits(b.nodeId) && right.admits(a.nodeId) && !this.isCut(a, b) && !a.isPaused && !b.isPaused;
  }

  #connect(a: NetworkNode, b: NetworkNode): void {
    const [left, right] = [a.endpoint, b.endpoint];
    if (left === undefined || right === undefined) return;
    this.#links.set(pairOf(a, b), new Link(left, right));
    this.#world.trace(() => `${a.label}-${b.label} connected`);
    a.enterWhenAwake(() => left.onUp(b.nodeId, right.status()));
    b.enterWhenAwake(() => right.onUp(a.nodeId, left.status()));
  }

  close(link: Link): void {
    if (!this.#isCurrent(link)) return;
    this.#links.delete(pairOf(link.a.node, link.b.node));
    this.#world.trace(() => `${link.a.node.label}-${link.b.node.label} disconnected`);
    for (const [one, other] of [
      [link.a, link.b],
      [link.b, link.a],
    ] as const) {
      if (one.node.endpoint === one) one.node.enterWhenAwake(() => one.onDown(other.node.nodeId));
    }
  }

  /** Tells all peers the own height, soon. */
  tellHead(endpoint: Endpoint): void {
    for (const to of this.nodes) {
      const link = to === endpoint.node ? undefined : this.linkOf(endpoint.node, to);
      if (link === undefined || link.brokenUs !== undefined) continue;
      this.#world.queue.after(this.#delayUs(endpoint.node, to), () => {
        if (!this.#isCurrent(link) || this.isCut(endpoint.node, to)) return;
        to.enterWhenAwake(() => to.endpoint?.onStatus(endpoint.node.nodeId, endpoint.status()));
      });
    }
  }

  #delayUs(from: NetworkNode, to: NetworkNode): number {
    const chance = this.#chance;
    switch (this.delay) {
      case 'lan':
        return chance.between(200, 2_000);
      case 'wan':
        return 10_000 + 7_000 * ((from.index * 5 + to.index * 3) % 8) + chance.below(10_000);
      case 'jitter':
        return chance.between(1_000, 120_000);
      case 'heavy':
        return chance.chance(0.05) ? chance.between(100_000, 2_500_000) : chance.between(500, 20_000);
    }
  }
}

type Frame = {
  readonly link: Link;
  readonly from: NetworkNode;
  readonly to: NetworkNode;
  readonly channel: Channel;
  readonly bytes: Uint8Array;
};
type Queue = { inFlight: number; arrivalUs: number; readonly waiting: Uint8Array[]; isBusy: boolean };

/** One connection. */
export class Link {
  readonly a: Endpoint;
  readonly b: Endpoint;
  /** Since when one side is gone. */
  brokenUs: number | undefined;
  cutUs: number | undefined;
  readonly heldUp: Frame[] = [];
  readonly #queues: Map<string, Queue> = new Map();

  constructor(a: Endpoint, b: Endpoint) {
    this.a = a;
    this.b = b;
  }

  has(node: NetworkNode): boolean {
    return this.a.node === node || this.b.node === node;
  }

  isAdmitted(): boolean {
    const isKept = (one: Endpoint, other: Endpoint): boolean =>
      one.node.endpoint !== one || one.admits(other.node.nodeId);
    return isKept(this.a, this.b) && isKept(this.b, this.a);
  }

  queueOf(from: NetworkNode, channel: Channel): Queue {
    const key = `${from.index}/${channel}`;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = { inFlight: 0, arrivalUs: 0, waiting: [], isBusy: false };
      this.#queues.set(key, queue);
    }
    return queue;
  }
}

/** The network of one process. */
export class Endpoint implements NetworkPort {
  readonly node: NetworkNode;
  readonly handlers: Map<Channel, FrameHandler> = new Map();
  isStarted = false;
  readonly #network: NodeNetwork;
  readonly #world: NodeWorld;
  readonly #instance: string;
  readonly #isAlive: () => boolean;
  readonly #upListeners: PeerListener[] = [];
  readonly #downListeners: DownListener[] = [];
  readonly #statusListeners: PeerListener[] = [];
  readonly #bannedUntilUs: Map<NodeId, number> = new Map();
  #admitted: ReadonlySet<NodeId> = new Set();
  #head: Head = { height: 0 as Height, headHash: '' as HashHex };
  #isHeadWaiting = false;

  constructor(
    node: NetworkNode,
    parts: { network: NodeNetwork; world: NodeWorld; instance: string; isAlive: () => boolean },
  ) {
    this.node = node;
    this.#network = parts.network;
    this.#world = parts.world;
    this.#instance = parts.instance;
    this.#isAlive = parts.isAlive;
  }

  get admitted(): ReadonlySet<NodeId> {
    return this.#admitted;
  }

  admits(nodeId: NodeId): boolean {
    return this.#admitted.has(nodeId) && (this.#bannedUntilUs.get(nodeId) ?? 0) <= this.#world.queue.nowUs;
  }

  status(): Parameters<PeerListener>[0]['status'] {
    const head = { ...this.#head, height: this.node.announcedHeight(this.#head.height) };
    return { ...head, agent: 'simulated', instance: this.#instance, listenAddresses: [] };
  }

  send(to: NodeId, channel: Channel, bytes: Uint8Array): boolean {
    if (!this.#isAlive() || !this.isStarted) return false;
    this.node.boundary('send');
    if (!this.#isAlive()) return false;
    return this.#network.send(this.node, to, channel, bytes);
  }

  onFrame(channel: Channel, handler: FrameHandler): void {
    this.handlers.set(channel, handler);
  }

  onPeerUp(listener: PeerListener): void {
    this.#upListeners.push(listener);
  }

  onPeerDown(listener: DownListener): void {
    this.#downListeners.push(listener);
  }

  onPeerStatus(listener: PeerListener): void {
    this.#statusListeners.push(listener);
  }

  onUp(nodeId: NodeId, status: Parameters<PeerListener>[0]['status']): void {
    for (const listener of this.#upListeners) listener({ nodeId, status });
  }

  onDown(nodeId: NodeId): void {
    for (const listener of this.#downListeners) listener({ nodeId, reason: 'closed', message: 'closed' });
  }

  onStatus(nodeId: NodeId, status: Parameters<PeerListener>[0]['status']): void {
    for (const listener of this.#statusListeners) listener({ nodeId, status });
  }

  penalise(nodeId: NodeId, message: string): void {
    if (!this.#isAlive()) return;
    this.#world.trace(() => `${this.node.label} penalises ${nodeId.slice(0, 4)}: ${message}`);
    this.#network.onPenalised(this.node, nodeId, message);
    this.#bannedUntilUs.set(nodeId, this.#world.queue.nowUs + BAN_US);
    this.#closeTo(nodeId);
  }

  setAdmission(snapshot: Parameters<NetworkPort['setAdmission']>[0]): void {
    if (!this.#isAlive()) return;
    this.#admitted = new Set(snapshot.nodes.map(({ nodeId }) => nodeId));
    for (const { nodeId } of this.#network.nodes) if (!this.#admitted.has(nodeId)) this.#closeTo(nodeId);
  }

  setLocalStatus(head: Head): void {
    if (!this.#isAlive()) return;
    this.#head = head;
    this.node.onAnnounced(head.height);
    if (this.#isHeadWaiting || !this.isStarted) return;
    this.#isHeadWaiting = true;
    this.node.later(HEAD_INTERVAL_US, () => {
      this.#isHeadWaiting = false;
      this.#network.tellHead(this);
    });
  }

  #closeTo(nodeId: NodeId): void {
    const peer = this.#network.nodes.find((node) => node.nodeId === nodeId);
    const link = peer === undefined ? undefined : this.#network.linkOf(this.node, peer);
    if (link !== undefined) this.#network.close(link);
  }
}

function pairOf(a: NetworkNode, b: NetworkNode): number {
  return 1_000 * Math.min(a.index, b.index) + Math.max(a.index, b.index);
}

function describeAny(packet: ConsensusPacket): string {
  return packet.type === 'pbft' ? describePacket(packet) : packet.type;
}

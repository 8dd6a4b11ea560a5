/** Links that delay, lose, repeat and reorder; partitions; and members that lie about what they send. */
import type { NodeId } from '@hansa/primitives';
import type { Prng } from './prng.ts';
import type { SimNode } from './sim-node.ts';
import type { SimPacket, World } from './world.ts';

export type DelayProfile = 'lan' | 'wan' | 'jitter' | 'heavy';

/** A member that does not send what its driver gives it. Returns what goes to `to` instead. */
export type Tamper = (from: SimNode, to: SimNode, packet: SimPacket) => readonly SimPacket[];

/** True: the packet does not arrive. */
export type Filter = (from: SimNode, to: SimNode, packet: SimPacket) => boolean;

/** What a process may have on the way to one peer; the rest is dropped, as a bounded outbox does. */
const IN_FLIGHT_MAX = 2_000;

export class SimNetwork {
  world!: World;
  delay: DelayProfile = 'lan';
  lossRate = 0;
  repeatRate = 0;
  readonly tampers: Map<SimNode, Tamper> = new Map();
  /** Partition, flapping, muted kinds: all are filters by name. */
  readonly filters: Map<string, Filter> = new Map();
  readonly #chance: Prng;
  readonly #inFlight: Map<SimNode, number> = new Map();

  constructor(chance: Prng) {
    this.#chance = chance;
  }

  /** To everyone else, observers included. */
  broadcast(from: SimNode, packet: SimPacket): void {
    for (const to of this.world.nodes) if (to.nodeId !== from.nodeId) this.#transmit(from, to, packet, 0);
  }

  send(from: SimNode, toId: NodeId, packet: SimPacket, extraUs = 0): void {
    for (const to of this.world.nodes) if (to.nodeId === toId && to !== from) this.#transmit(from, to, packet, extraUs);
  }

  isConnected(a: SimNode, b: SimNode): boolean {
    const probe: SimPacket = { type: 'heartbeat', height: 0 };
    for (const filter of this.filters.values()) if (filter(a, b, probe) || filter(b, a, probe)) return false;
    return true;
  }

  /** All faults of the links end; tampering members stay what they are. */
  heal(): void {
    this.delay = 'lan';
    this.lossRate = 0;
    this.repeatRate = 0;
    this.filters.clear();
  }

  /** Something that `from` says on its own: no tampering. */
  inject(from: SimNode, to: SimNode, packet: SimPacket): void {
    this.#carry(from, to, packet, 0);
  }

  #transmit(from: SimNode, to: SimNode, packet: SimPacket, extraUs: number): void {
    const tamper = this.tampers.get(from);
    if (tamper === undefined) {
      this.world.checkers.onSent(from, to, packet);
      this.#carry(from, to, packet, extraUs);
    } else {
      for (const changed of tamper(from, to, packet)) this.#carry(from, to, changed, extraUs);
    }
  }

  #carry(from: SimNode, to: SimNode, packet: SimPacket, extraUs: number): void {
    if (!to.isUp) return;
    for (const filter of this.filters.values()) {
      if (!filter(from, to, packet)) continue;
      this.world.count('cut off');
      return;
    }
    // The pool's channel is a stream: it loses nothing while it stands.
    if (this.lossRate > 0 && packet.type !== 'gossip' && this.#chance.chance(this.lossRate)) {
      this.world.count('lost');
      return;
    }
    const inFlight = this.#inFlight.get(to) ?? 0;
    if (inFlight >= IN_FLIGHT_MAX) {
      this.world.count('outbox full');
      return;
    }
    this.#deliver(from, to, packet, extraUs);
    if (this.repeatRate > 0 && this.#chance.chance(this.repeatRate)) {
      this.world.count('repeated');
      this.#deliver(from, to, packet, extraUs);
    }
  }

  #deliver(from: SimNode, to: SimNode, packet: SimPacket, extraUs: number): void {
    this.#inFlight.set(to, (this.#inFlight.get(to) ?? 0) + 1);
    const delayUs = this.#delayUs(from, to) + extraUs;
    this.world.queue.after(delayUs, () => {
      this.#inFlight.set(to, (this.#inFlight.get(to) ?? 1) - 1);
      this.#arrive(from, to, packet);
    });
  }

  #arrive(from: SimNode, to: SimNode, packet: SimPacket): void {
    if (to.isPaused) {
      to.later(0, () => to.receive(from, packet));
      return;
    }
    this.world.mark(this.world.queue.nowUs, from.index, to.index, packet.type.length);
    if (this.world.isTraced) this.world.trace(() => `${from.label}>${to.label} ${describePacket(packet)}`);
    to.receive(from, packet);
  }

  #delayUs(from: SimNode, to: SimNode): number {
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

/** One line for the trace. */
export function describePacket(packet: SimPacket): string {
  if (packet.type !== 'pbft') return packet.type === 'gossip' ? `gossip ${packet.hashes.length}` : packet.type;
  const { message } = packet;
  switch (message.type) {
    case 'prepared-certificate':
    case 'commit-certificate': {
      const { view, height, digest } = message.certificate;
      return `${message.type} v${view} h${height} ${digest.slice(0, 8)}`;
    }
    case 'proposal':
      return `proposal v${message.view} h${message.proposal.height} ${message.digest.slice(0, 8)}`;
    case 'prepare':
    case 'commit':
      return `${message.type} v${message.view} h${message.height} ${message.digest.slice(0, 8)}`;
    case 'result':
      return `result h${message.height} ${message.blockHash.slice(0, 8)}`;
    case 'suspect':
      return `suspect v${message.view} decided ${message.decidedHeight}`;
    case 'view-change': {
      const { claim } = message;
      const what = claim === undefined ? 'none' : `v${claim.view} h${claim.height} ${claim.digest.slice(0, 8)}`;
      return `view-change v${message.view} claim ${what}`;
    }
    case 'new-view': {
      const { certificate } = message;
      const tip = certificate === undefined ? 'base' : `h${certificate.height} ${certificate.digest.slice(0, 8)}`;
      return `new-view v${message.view} tip ${tip}`;
    }
    case 'status': {
      const { view, changing, stableHeight, decidedHeight } = message;
      return `status t${message.term} v${view}${changing ? '!' : ''} stable ${stableHeight} decided ${decidedHeight}`;
    }
  }
}

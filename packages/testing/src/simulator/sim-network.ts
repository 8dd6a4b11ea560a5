/** Links that delay, lose, repeat and reorder; partitions; and members that lie about what they send. */
import type { NodeId } from '@hansa/primitives';
import type { Member } from './member.ts';
import { describePacket, type SimPacket } from './packet.ts';
import type { Prng } from './prng.ts';
import type { World } from './world.ts';

export type DelayProfile = 'lan' | 'wan' | 'jitter' | 'heavy';

/** A member that does not send what its driver gives it. Returns what goes to `to` instead. */
export type Tamper = (from: Member, to: Member, packet: SimPacket) => readonly SimPacket[];

/** True: the packet does not arrive. */
export type Filter = (from: Member, to: Member, packet: SimPacket) => boolean;

/** What a process may have on the way to one peer; the rest is dropped, as a bounded outbox does. */
const IN_FLIGHT_MAX = 2_000;

/** Sees every packet of a member that does not tamper, before the links do anything to it. */
export type Watch = (from: Member, packet: SimPacket) => void;

export class SimNetwork {
  delay: DelayProfile = 'lan';
  lossRate = 0;
  repeatRate = 0;
  readonly tampers: Map<Member, Tamper> = new Map();
  /** Partition, flapping, muted kinds: all are filters by name. */
  readonly filters: Map<string, Filter> = new Map();
  readonly #world: World;
  readonly #watch: Watch;
  readonly #chance: Prng;
  readonly #inFlight: Map<Member, number> = new Map();

  constructor(world: World, watch: Watch, chance: Prng) {
    this.#world = world;
    this.#watch = watch;
    this.#chance = chance;
  }

  /** To everyone else, observers included. */
  broadcast(from: Member, packet: SimPacket): void {
    for (const to of this.#world.nodes) if (to.nodeId !== from.nodeId) this.#transmit(from, to, packet, 0);
  }

  send(from: Member, toId: NodeId, packet: SimPacket, extraUs = 0): void {
    for (const to of this.#world.nodes)
      if (to.nodeId === toId && to !== from) this.#transmit(from, to, packet, extraUs);
  }

  isConnected(a: Member, b: Member): boolean {
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
  inject(from: Member, to: Member, packet: SimPacket): void {
    this.#carry(from, to, packet, 0);
  }

  #transmit(from: Member, to: Member, packet: SimPacket, extraUs: number): void {
    const tamper = this.tampers.get(from);
    if (tamper === undefined) {
      this.#watch(from, packet);
      this.#carry(from, to, packet, extraUs);
    } else {
      for (const changed of tamper(from, to, packet)) this.#carry(from, to, changed, extraUs);
    }
  }

  #carry(from: Member, to: Member, packet: SimPacket, extraUs: number): void {
    if (!to.isUp) return;
    for (const filter of this.filters.values()) {
      if (!filter(from, to, packet)) continue;
      this.#world.count('cut off');
      return;
    }
    // The pool's channel is a stream: it loses nothing while it stands.
    if (this.lossRate > 0 && packet.type !== 'gossip' && this.#chance.chance(this.lossRate)) {
      this.#world.count('lost');
      return;
    }
    const inFlight = this.#inFlight.get(to) ?? 0;
    if (inFlight >= IN_FLIGHT_MAX) {
      this.#world.count('outbox full');
      return;
    }
    this.#deliver(from, to, packet, extraUs);
    if (this.repeatRate > 0 && this.#chance.chance(this.repeatRate)) {
      this.#world.count('repeated');
      this.#deliver(from, to, packet, extraUs);
    }
  }

  #deliver(from: Member, to: Member, packet: SimPacket, extraUs: number): void {
    this.#inFlight.set(to, (this.#inFlight.get(to) ?? 0) + 1);
    const delayUs = this.#delayUs(from, to) + extraUs;
    this.#world.queue.after(delayUs, () => {
      this.#inFlight.set(to, (this.#inFlight.get(to) ?? 1) - 1);
      this.#arrive(from, to, packet);
    });
  }

  #arrive(from: Member, to: Member, packet: SimPacket): void {
    if (to.isPaused) {
      to.later(0, () => to.receive(from, packet));
      return;
    }
    this.#world.mark(this.#world.queue.nowUs, from.index, to.index, packet.type.length);
    if (this.#world.isTraced) this.#world.trace(() => `${from.label}>${to.label} ${describePacket(packet)}`);
    to.receive(from, packet);
  }

  #delayUs(from: Member, to: Member): number {
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

import { compareText, type NodeId } from '@hansa/primitives';
import type { PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { parseDialAddress, readableAddress } from './addresses.ts';
import type { PeerReason } from './errors.ts';
import { nodeIdOfPeer, peerOfNodeId } from './identity.ts';
import type { Link } from './link.ts';
import type { Mismatch } from './preamble.ts';
import type { AdmissionSnapshot, NetworkLogger, PeerInfo, PeerState } from './types.ts';

const INSTANCES_REMEMBERED = 4;

/** Everything known of one admitted node. Mutable; written by `create-network.ts` and `dialer.ts` only. */
export type PeerRecord = {
  readonly nodeId: NodeId;
  readonly peerId: PeerId;
  readonly peerIdText: string;
  addresses: readonly Multiaddr[];
  /** The addresses as the registry has them. */
  addressTexts: readonly string[];
  /** The connection in use, up or about to be. */
  link: Link | undefined;
  /** Connections whose handshake is not decided. */
  readonly candidates: Set<Link>;
  isDialing: boolean;
  dialTimer: NodeJS.Timeout | undefined;
  failureCount: number;
  bannedUntilMs: number;
  sinceMs: number;
  lastError: { readonly reason: PeerReason; readonly message: string; readonly atMs: number } | undefined;
  /** Processes seen under this key, oldest first: one that comes back runs beside another. */
  instances: string[];
  /** Of earlier connections. */
  bytesSent: number;
  bytesReceived: number;
};

export type PeerBookOptions = {
  readonly nodeId: NodeId;
  readonly nodeCountMax: number;
  readonly logger: NetworkLogger;
  readonly now: () => number;
};

/** The admitted nodes, from the last snapshot. Empty at first: nobody is admitted. Bounded by `nodeCountMax`. */
export class PeerBook {
  readonly #options: PeerBookOptions;
  #records = new Map<NodeId, PeerRecord>();
  #byPeerId = new Map<string, PeerRecord>();

  constructor(options: PeerBookOptions) {
    this.#options = options;
  }

  get(nodeId: NodeId): PeerRecord | undefined {
    return this.#records.get(nodeId);
  }

  ofPeer(peerId: PeerId): PeerRecord | undefined {
    return this.#byPeerId.get(peerId.toString());
  }

  ofPeerId(text: string): PeerRecord | undefined {
    return this.#byPeerId.get(text);
  }

  /** Ascending by node id. */
  all(): readonly PeerRecord[] {
    return [...this.#records.values()];
  }

  /** Undefined admits. The gate's one decision, constant work. */
  refusal(peerId: PeerId): Mismatch | undefined {
    const record = this.ofPeer(peerId);
    if (record === undefined) return this.#refusalOfStranger(peerId);
    if (record.bannedUntilMs > this.#options.now()) {
      return { reason: 'rateLimit', message: 'broke a rule or a rate limit a moment ago and is refused for a while' };
    }
    return undefined;
  }

  /** Returns what has left, and what is new or has another address. Records of nodes that stay keep their state. */
  replace(snapshot: AdmissionSnapshot): {
    readonly removed: readonly PeerRecord[];
    readonly changed: readonly PeerRecord[];
  } {
    const next = new Map<NodeId, PeerRecord>();
    const changed: PeerRecord[] = [];
    for (const { nodeId, addresses } of [...snapshot.nodes].sort((a, b) => compareText(a.nodeId, b.nodeId))) {
      if (nodeId === this.#options.nodeId || next.has(nodeId)) continue;
      if (next.size >= this.#options.nodeCountMax) {
        this.#options.logger.error('more nodes are admitted than this node can serve; the rest is refused', {
          nodeCountMax: this.#options.nodeCountMax,
        });
        break;
      }
      const known = this.#records.get(nodeId);
      const record = known ?? this.#create(nodeId);
      if (record === undefined) continue;
      next.set(nodeId, record);
      if (known !== undefined && sameTexts(known.addressTexts, addresses)) continue;
      record.addressTexts = [...addresses];
      record.addresses = this.#parseAddresses(record, addresses);
      changed.push(record);
    }
    const removed = this.all().filter((record) => !next.has(record.nodeId));
    this.#records = next;
    this.#byPeerId = new Map([...next.values()].map((record) => [record.peerIdText, record]));
    return { removed, changed };
  }

  #refusalOfStranger(peerId: PeerId): Mismatch {
    const nodeId = nodeIdOfPeer(peerId);
    if (nodeId === this.#options.nodeId) {
      return { reason: 'sameKey', message: 'runs with the key of this node: a key must be used by one process only' };
    }
    const who = nodeId === undefined ? `with a ${peerId.type} key` : `${nodeId.slice(0, 16)}…`;
    return { reason: 'notAdmitted', message: `is not admitted: node ${who} is not in the registry` };
  }

  #create(nodeId: NodeId): PeerRecord | undefined {
    const peerId = peerOfNodeId(nodeId);
    if (peerId === undefined) {
      this.#options.logger.error('a node id of the registry is no public key; it is not admitted', { nodeId });
      return undefined;
    }
    return {
      nodeId,
      peerId,
      peerIdText: peerId.toString(),
      addresses: [],
      addressTexts: [],
      link: undefined,
      candidates: new Set(),
      isDialing: false,
      dialTimer: undefined,
      failureCount: 0,
      bannedUntilMs: 0,
      sinceMs: this.#options.now(),
      lastError: undefined,
      instances: [],
      bytesSent: 0,
      bytesReceived: 0,
    };
  }

  #parseAddresses(record: PeerRecord, addresses: readonly string[]): readonly Multiaddr[] {
    const parsed: Multiaddr[] = [];
    for (const text of addresses) {
      const address = parseDialAddress(text, record.peerIdText);
      if (address !== undefined) parsed.push(address);
      else this.#options.logger.warn('an address of the registry cannot be dialed', { nodeId: record.nodeId, text });
    }
    return parsed;
  }
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}

/** True when this process was here before another one of the same key: both run. */
export function noteInstance(record: PeerRecord, instance: string): boolean {
  if (record.instances.at(-1) === instance) return false;
  const cameBack = record.instances.includes(instance);
  record.instances = [...record.instances.filter((known) => known !== instance), instance].slice(-INSTANCES_REMEMBERED);
  return cameBack;
}

export function describePeer(record: PeerRecord): PeerInfo {
  const link = record.link?.isUp === true ? record.link : undefined;
  const best = link?.clock.best();
  const firstAddress = record.addresses[0];
  return {
    nodeId: record.nodeId,
    peerId: record.peerIdText,
    state: stateOf(record),
    address:
      link !== undefined ? readableAddress(link.connection.remoteAddr) : firstAddress && readableAddress(firstAddress),
    direction: link?.connection.direction,
    sinceMs: record.sinceMs,
    height: link?.status?.height,
    headHash: link?.status?.headHash,
    agent: link?.status?.agent,
    clockOffsetMs: best?.offsetMs,
    roundTripMs: best?.roundTripMs,
    bytesSent: record.bytesSent + (link?.bytesSent ?? 0),
    bytesReceived: record.bytesReceived + (link?.bytesReceived ?? 0),
    lastError: record.lastError,
  };
}

function stateOf(record: PeerRecord): PeerState {
  if (record.link?.isUp === true) return 'connected';
  if (record.link !== undefined || record.candidates.size > 0) return 'handshaking';
  if (record.isDialing) return 'dialing';
  return record.dialTimer === undefined ? 'idle' : 'waiting';
}

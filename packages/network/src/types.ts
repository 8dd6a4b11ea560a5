import type { HashHex, Height, NodeId } from '@hansa/primitives';
import type { PeerReason } from './errors.ts';
import type { HostRules } from './host-rules.ts';
import type { IdentitySigner } from './identity.ts';
import type { Channel, NetworkLimits } from './limits.ts';

export type NetworkOptions = {
  /** 32 bytes: node id, libp2p peer id and noise identity in one. Copied. Or whoever signs with it. */
  readonly privateKey: Uint8Array | IdentitySigner;
  readonly chainId: number;
  readonly groupId: string;
  readonly genesisHash: HashHex;
  /** Multiaddresses, e.g. `/ip4/127.0.0.1/tcp/30300`; tcp port 0 takes a free one. Empty: dials only. */
  readonly listen: readonly string[];
  /** What peers are told; the listen addresses when left out. */
  readonly announce?: readonly string[];
  /** Name and version of the program, at most 64 characters, shown to peers. */
  readonly agent: string;
  /** 16 random bytes as hex, new in each start of the process: tells a restarted peer from a second connection. */
  readonly instance: string;
  readonly limits?: Partial<NetworkLimits>;
  /** Left out: hosts of all addresses. */
  readonly hosts?: HostRules;
};

export type NetworkLogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where the network logs to: a short sentence, values in fields. */
export type NetworkLogger = {
  debug(message: string, fields?: NetworkLogFields): void;
  info(message: string, fields?: NetworkLogFields): void;
  warn(message: string, fields?: NetworkLogFields): void;
  error(message: string, fields?: NetworkLogFields): void;
};

export type NetworkDependencies = {
  readonly logger: NetworkLogger;
  /** Called for each event that is counted, with a bounded set of names and labels (see `NetworkCounters`). */
  readonly onCount?: (name: CounterName, label: string, by: number) => void;
  /** Serves newcomers; without it they are refused. */
  readonly door?: DoorHandler;
  /** Milliseconds since 1970, for status frames and clock offsets. Default: `Date.now`. */
  readonly now?: () => number;
};

export type CounterName =
  /** Inbound connections that never became connected, by PeerReason. */
  | 'refused'
  /** Own dials that failed, by PeerReason. */
  | 'dialFailed'
  /** Connected peers that were lost, by PeerReason. */
  | 'closed'
  | 'connected'
  /** By channel. */
  | 'framesSent'
  | 'framesReceived'
  | 'bytesSent'
  | 'bytesReceived'
  /** Frames given up: queue full (dropOldest), queue full (refuse), over the rate limit. By channel. */
  | 'framesEvicted'
  | 'framesRefused'
  | 'framesOverRate';

/** name → label → count, since start. */
export type NetworkCounters = Readonly<Record<CounterName, Readonly<Record<string, number>>>>;

/**
 * Answers what a newcomer says at the door (docs/spec/joining.md): its node id is proven, its bytes are not. An answer is at
 * most `DOOR_ANSWER_SIZE_MAX` bytes. Never rejects.
 */
export type DoorHandler = (from: NodeId, request: Uint8Array) => Promise<Uint8Array>;

/** Who may connect, and where they can be reached. This node's own entry is ignored. */
export type AdmissionSnapshot = {
  readonly nodes: readonly { readonly nodeId: NodeId; readonly addresses: readonly string[] }[];
};

/** What a peer says of itself; believed for nothing but choosing whom to ask. */
export type PeerStatus = {
  readonly height: Height;
  readonly headHash: HashHex;
  readonly agent: string;
  readonly instance: string;
  readonly listenAddresses: readonly string[];
};

export type PeerState = 'idle' | 'dialing' | 'handshaking' | 'connected' | 'waiting';

export type PeerInfo = {
  readonly nodeId: NodeId;
  readonly peerId: string;
  readonly state: PeerState;
  /** Remote address of the connection, or the first known one. */
  readonly address: string | undefined;
  readonly direction: 'inbound' | 'outbound' | undefined;
  /** Milliseconds since 1970 of the last change of `state` to or from `connected`. */
  readonly sinceMs: number;
  readonly height: Height | undefined;
  readonly headHash: HashHex | undefined;
  readonly agent: string | undefined;
  /** Peer's clock minus ours, in ms, from the round trip with the least delay of the last ones. */
  readonly clockOffsetMs: number | undefined;
  readonly roundTripMs: number | undefined;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly lastError: { readonly reason: PeerReason; readonly message: string; readonly atMs: number } | undefined;
};

export type PeerUp = { readonly nodeId: NodeId; readonly status: PeerStatus };
export type PeerDown = { readonly nodeId: NodeId; readonly reason: PeerReason; readonly message: string };

/** While the returned promise is pending, no further frame of that peer and channel is delivered, and the peer must wait. */
export type FrameHandler = (from: NodeId, bytes: Uint8Array) => void | Promise<void>;

/** Libp2p host, gate, status handshake and framed channels of one node. Nothing is connected before `setAdmission`. */
export type Network = {
  readonly nodeId: NodeId;
  readonly peerId: string;
  /** @throws ChainError of NetworkErrorCode */
  start(): Promise<void>;
  /** Says goodbye, closes everything; idempotent, within `stopTimeoutMs`. */
  stop(): Promise<void>;
  /** Multiaddresses listened on, without peer id; known after `start`. */
  listenAddresses(): readonly string[];
  /** Replaces the list of admitted nodes, effective at once: others are cut and refused, new ones are dialed. */
  setAdmission(snapshot: AdmissionSnapshot): void;
  /** What peers are told of this node, with the next heartbeat at the latest. */
  setLocalStatus(status: { readonly height: Height; readonly headHash: HashHex }): void;
  /** False: not connected, or refused by the channel's queue. Takes ownership of `bytes`: do not change them. */
  send(to: NodeId, channel: Channel, bytes: Uint8Array): boolean;
  /** To all connected peers or to `targets`, without `except`; returns how many took it. */
  broadcast(
    channel: Channel,
    bytes: Uint8Array,
    to?: { readonly targets?: readonly NodeId[]; readonly except?: NodeId },
  ): number;
  /** One handler per channel; `bytes` belongs to it. A handler that throws or rejects ends the connection to that peer. */
  onFrame(channel: Channel, handler: FrameHandler): void;
  onPeerUp(listener: (event: PeerUp) => void): void;
  onPeerDown(listener: (event: PeerDown) => void): void;
  onPeerStatus(listener: (event: PeerUp) => void): void;
  /** Ends the connection to a peer whose payload broke a rule, and refuses it for `banMs`. */
  penalise(nodeId: NodeId, message: string): void;
  /** Ids of connected peers, ascending. */
  connected(): readonly NodeId[];
  /** Every admitted node but this one, by id. */
  peers(): readonly PeerInfo[];
  counters(): NetworkCounters;
};

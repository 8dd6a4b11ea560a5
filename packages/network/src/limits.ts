import { assert } from '@hansa/primitives';
import { CONSENSUS_FRAME_SIZE_MAX, TRANSACTIONS_FRAME_SIZE_MAX } from '@hansa/protocol';

/** The long-lived streams between two connected nodes, most urgent first. */
export type Channel = 'consensus' | 'transactions' | 'sync';

export const CHANNELS: readonly Channel[] = ['consensus', 'transactions', 'sync'];

/** Limits of one channel, each per peer. Sizes in bytes. */
export type ChannelLimits = {
  /** One frame, NET-20. Both ends must agree: a longer one ends the connection. */
  readonly frameSizeMax: number;
  /** Frames waiting to be written. */
  readonly sendQueueSizeMax: number;
  /** What happens above it: `dropOldest` keeps the newest and counts the rest, `refuse` returns false. */
  readonly sendQueuePolicy: 'dropOldest' | 'refuse';
  /** Bytes written per turn of the event loop, so that the other channels get theirs. */
  readonly turnSizeMax: number;
  /** Received frames waiting for the handler; above it the stream is paused. */
  readonly receiveQueueSizeMax: number;
  /** Sustained rate and burst of a peer; what is above is dropped and counted. */
  readonly frameCountPerSecond: number;
  readonly frameCountBurst: number;
  readonly sizePerSecond: number;
  readonly sizeBurst: number;
};

/** Maxima and times of the network, all local to a node unless a rule of docs/spec/network.md is named. */
export type NetworkLimits = {
  readonly channels: Readonly<Record<Channel, ChannelLimits>>;
  /** Admitted nodes of a snapshot; more are a configuration that this node was not built for. */
  readonly nodeCountMax: number;
  /** Connections in all, and from one remote host that have not proven their key yet. */
  readonly connectionCountMax: number;
  readonly pendingCountMax: number;
  readonly pendingCountPerHostMax: number;
  /** New inbound connections per second from one remote host; above it they are closed at once. */
  readonly inboundPerSecondMax: number;
  /** Preamble, noise and muxer together: after it an unfinished inbound connection is closed. */
  readonly upgradeTimeoutMs: number;
  /** The preamble alone: a node sends it with its first packet. */
  readonly preambleTimeoutMs: number;
  readonly dialTimeoutMs: number;
  /** Status frames of both sides, from the moment that the connection is open. */
  readonly handshakeTimeoutMs: number;
  readonly heartbeatMs: number;
  /** Silence of a peer after which it counts as gone. */
  readonly heartbeatTimeoutMs: number;
  /** First pause before the next dial; doubles up to the maximum, with a quarter of jitter. */
  readonly redialMs: number;
  readonly redialMsMax: number;
  /** Pause after a refusal that only a change of configuration can heal (other chain, genesis or version). */
  readonly refusedMs: number;
  /** How long the node with the higher id waits for the other to dial. */
  readonly dialGraceMs: number;
  /** How long a peer that broke the protocol is refused. */
  readonly banMs: number;
  /** Frames above the rate limits that a peer may send in a minute before it is cut off (and refused for `banMs`). */
  readonly violationCountMax: number;
  /** Newcomers at the door at once, and per second (spec JOIN-20). */
  readonly doorCountMax: number;
  readonly doorPerSecondMax: number;
  /** Time that `stop` gives to goodbyes and libp2p. */
  readonly stopTimeoutMs: number;
};

const KIB = 1024;
const MIB = 1024 * KIB;

export const DEFAULT_NETWORK_LIMITS: NetworkLimits = {
  channels: {
    consensus: {
      frameSizeMax: CONSENSUS_FRAME_SIZE_MAX,
      sendQueueSizeMax: 8 * MIB,
      sendQueuePolicy: 'dropOldest',
      turnSizeMax: 512 * KIB,
      receiveQueueSizeMax: 4 * MIB,
      frameCountPerSecond: 5_000,
      frameCountBurst: 20_000,
      sizePerSecond: 32 * MIB,
      sizeBurst: 64 * MIB,
    },
    transactions: {
      frameSizeMax: TRANSACTIONS_FRAME_SIZE_MAX,
      sendQueueSizeMax: 8 * MIB,
      sendQueuePolicy: 'refuse',
      turnSizeMax: 256 * KIB,
      receiveQueueSizeMax: 4 * MIB,
      frameCountPerSecond: 10_000,
      frameCountBurst: 40_000,
      sizePerSecond: 32 * MIB,
      sizeBurst: 64 * MIB,
    },
    sync: {
      frameSizeMax: 256 * KIB,
      // A block of the largest allowed size is one message of many frames, which must all fit.
      sendQueueSizeMax: 20 * MIB,
      sendQueuePolicy: 'refuse',
      turnSizeMax: 64 * KIB,
      receiveQueueSizeMax: 2 * MIB,
      frameCountPerSecond: 1_000,
      frameCountBurst: 4_000,
      sizePerSecond: 128 * MIB,
      sizeBurst: 256 * MIB,
    },
  },
  nodeCountMax: 1_000,
  connectionCountMax: 1_200,
  pendingCountMax: 64,
  pendingCountPerHostMax: 32,
  inboundPerSecondMax: 50,
  upgradeTimeoutMs: 5_000,
  preambleTimeoutMs: 2_000,
  dialTimeoutMs: 5_000,
  handshakeTimeoutMs: 5_000,
  heartbeatMs: 1_000,
  heartbeatTimeoutMs: 5_000,
  redialMs: 200,
  redialMsMax: 3_000,
  refusedMs: 10_000,
  dialGraceMs: 250,
  banMs: 10_000,
  violationCountMax: 1_000,
  doorCountMax: 4,
  doorPerSecondMax: 5,
  stopTimeoutMs: 1_500,
};

/** @throws InvariantError when limits contradict each other */
export function assertNetworkLimits(limits: NetworkLimits): void {
  for (const [name, value] of Object.entries(limits)) {
    if (name !== 'channels') assertPositive(name, value as number);
  }
  for (const channel of CHANNELS) {
    const { sendQueuePolicy, ...numbers } = limits.channels[channel];
    for (const [name, value] of Object.entries(numbers)) assertPositive(`${channel}.${name}`, value);
    assert(sendQueuePolicy === 'dropOldest' || sendQueuePolicy === 'refuse', `${channel}: unknown queue policy`);
    assert(numbers.frameSizeMax <= numbers.sendQueueSizeMax, `${channel}: one frame must fit the send queue`);
    assert(numbers.frameSizeMax <= numbers.receiveQueueSizeMax, `${channel}: one frame must fit the receive queue`);
    assert(numbers.frameSizeMax <= numbers.sizeBurst, `${channel}: one frame must fit the burst`);
  }
  assert(limits.heartbeatMs * 2 < limits.heartbeatTimeoutMs, 'one lost heartbeat must not end a connection');
  assert(limits.redialMs <= limits.redialMsMax, 'the first pause must not be above the longest');
  assert(limits.preambleTimeoutMs <= limits.upgradeTimeoutMs, 'the preamble is part of the upgrade');
}

function assertPositive(name: string, value: number): void {
  assert(Number.isSafeInteger(value) && value > 0, `network limit ${name} must be a positive integer, got ${value}`);
}

/** A peer that holds the key of a member and says whatever it likes: the node's own libp2p without its rules. */
import { concatBytes, type HashHex, type NodeId, toHeight } from '@hansa/primitives';
import type { Connection, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import type { Libp2p } from 'libp2p';
import { type ControlFrame, encodeControlFrame } from '../../packages/network/src/control-frames.ts';
import { createHost } from '../../packages/network/src/host.ts';
import { libp2pKeyOf, peerIdOfNodeId } from '../../packages/network/src/identity.ts';
import type { Channel } from '../../packages/network/src/index.ts';
import { DEFAULT_NETWORK_LIMITS } from '../../packages/network/src/limits.ts';
import { PROTOCOL_OF_CHANNEL, STATUS_PROTOCOL } from '../../packages/network/src/link.ts';
import type { ReadyEvent, ReadyNode } from './devnet.ts';

export type Rogue = {
  readonly nodeId: NodeId;
  /** Connects and goes through the handshake as a good member does. */
  join(victim: ReadyNode): Promise<JoinedRogue>;
  stop(): Promise<void>;
};

export type JoinedRogue = {
  readonly connection: Connection;
  readonly control: Stream;
  readonly channels: Readonly<Record<Channel, Stream>>;
};

export const framed = (bytes: Uint8Array): Uint8Array => concatBytes(announced(bytes.length), bytes);

/** The four bytes that announce a frame. */
export function announced(size: number): Uint8Array {
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, size);
  return header;
}

export async function createRogue(net: ReadyEvent, privateKey: Uint8Array): Promise<Rogue> {
  const genesisHash = net.genesisHash.slice(2) as HashHex;
  const name = { chainId: net.chainId, groupId: 'group0', genesisHash };
  const identity = libp2pKeyOf(privateKey);
  const host: Libp2p = await createHost({
    key: identity.key,
    listen: [],
    limits: DEFAULT_NETWORK_LIMITS,
    gater: {},
    security: { name, limits: DEFAULT_NETWORK_LIMITS, refusal: () => undefined, onRefusal: () => undefined },
  });
  await host.start();
  const status: ControlFrame = {
    type: 'status',
    status: {
      protocolVersion: 1,
      ...name,
      height: toHeight(0),
      headHash: genesisHash,
      nodeId: identity.nodeId,
      instance: '00'.repeat(16),
      agent: 'rogue',
      timeMs: Date.now(),
      listenAddresses: [],
    },
  };
  const say = (stream: Stream, frame: ControlFrame): void => void stream.send(framed(encodeControlFrame(frame)));
  return {
    nodeId: identity.nodeId,
    join: async (victim) => {
      const peerId = peerIdOfNodeId(victim.nodeId as NodeId);
      const connection = await host.dial(multiaddr(`${victim.p2p}/p2p/${peerId}`));
      const control = await connection.newStream(STATUS_PROTOCOL);
      say(control, status);
      say(control, { type: 'accept' });
      const consensus = await connection.newStream(PROTOCOL_OF_CHANNEL.consensus);
      const transactions = await connection.newStream(PROTOCOL_OF_CHANNEL.transactions);
      const sync = await connection.newStream(PROTOCOL_OF_CHANNEL.sync);
      return { connection, control, channels: { consensus, transactions, sync } };
    },
    stop: () => Promise.resolve(host.stop()),
  };
}

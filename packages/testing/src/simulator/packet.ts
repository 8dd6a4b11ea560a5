/** What travels between simulated nodes, and how the trace shows it. */
import type { ConsensusPacket } from '@hansa/node';
import type { HashHex } from '@hansa/primitives';
import type { SimBlock } from './sim-chain.ts';

/** Consensus packets, and what pool, network and sync would carry beside them. */
export type SimPacket =
  | ConsensusPacket
  | { readonly type: 'gossip'; readonly hashes: readonly HashHex[] }
  | { readonly type: 'heartbeat'; readonly height: number }
  | { readonly type: 'sync-request'; readonly above: number }
  | { readonly type: 'sync-blocks'; readonly blocks: readonly SimBlock[] };

/** One line for the trace. `#2` is the validator of the set that signed it: anyone may pass it on. */
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
      return `proposal#${message.sender} v${message.view} h${message.proposal.height} ${message.digest.slice(0, 8)}`;
    case 'prepare':
    case 'commit':
      return `${message.type}#${message.sender} v${message.view} h${message.height} ${message.digest.slice(0, 8)}`;
    case 'result':
      return `result#${message.sender} h${message.height} ${message.blockHash.slice(0, 8)}`;
    case 'suspect':
      return `suspect#${message.sender} v${message.view} decided ${message.decidedHeight}`;
    case 'view-change': {
      const { claim } = message;
      const what = claim === undefined ? 'none' : `v${claim.view} h${claim.height} ${claim.digest.slice(0, 8)}`;
      return `view-change#${message.sender} v${message.view} claim ${what}`;
    }
    case 'new-view': {
      const { certificate } = message;
      const tip = certificate === undefined ? 'base' : `h${certificate.height} ${certificate.digest.slice(0, 8)}`;
      return `new-view#${message.sender} v${message.view} tip ${tip}`;
    }
    case 'status': {
      const { view, changing, stableHeight, decidedHeight } = message;
      return `status t${message.term} v${view}${changing ? '!' : ''} stable ${stableHeight} decided ${decidedHeight}`;
    }
  }
}

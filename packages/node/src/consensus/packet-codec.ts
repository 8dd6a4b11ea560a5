/** Packets of the consensus channel as frames and back. One frame carries many packets; the receiver sees them one by one. */
import type { CryptoSuite } from '@hansa/crypto';
import { fail, ok, type Result } from '@hansa/primitives';
import {
  CONSENSUS_FRAME_SIZE_MAX,
  type ConsensusFrame,
  decodeConsensusFrame,
  decodePbftMessage,
  decodeProposal,
  EMPTY_CONSENSUS_FRAME,
  encodeConsensusFrame,
  encodePbftMessage,
  encodeProposal,
  type PbftMessage,
  type Proposal,
  type ProtocolFailure,
} from '@hansa/protocol';
import type { ConsensusPacket } from './ports.ts';

/** Room for what protobuf adds to the parts. */
const FRAME_FILL_MAX = CONSENSUS_FRAME_SIZE_MAX - 64 * 1024;

type Draft = { -readonly [K in keyof ConsensusFrame]: ConsensusFrame[K][number][] };

/** One frame, or several when the packets do not fit one. What does not fit a frame by itself is left out. */
export function encodePackets(packets: readonly ConsensusPacket[]): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let draft = emptyDraft();
  let size = 0;
  for (const packet of packets) {
    const added = approximateSize(packet);
    if (added > FRAME_FILL_MAX) continue;
    if (size + added > FRAME_FILL_MAX) {
      frames.push(encodeConsensusFrame(draft));
      draft = emptyDraft();
      size = 0;
    }
    size += added;
    add(draft, packet);
  }
  frames.push(encodeConsensusFrame(draft));
  return frames;
}

export function decodePackets(
  suite: CryptoSuite,
  bytes: Uint8Array,
): Result<readonly ConsensusPacket[], ProtocolFailure> {
  const decoded = decodeConsensusFrame(bytes);
  if (!decoded.ok) return decoded;
  const frame = decoded.value;
  const packets: ConsensusPacket[] = [];
  for (const raw of frame.messages) {
    const message = decodePbftMessage(suite, raw);
    if (!message.ok) return fail(message.error);
    packets.push({ type: 'pbft', message: message.value });
  }
  for (const statement of frame.incarnations) packets.push({ type: 'incarnation', statement });
  for (const stored of frame.incarnationsStored) packets.push({ type: 'incarnation-stored', ...stored });
  for (const statement of frame.incarnationsHeld) packets.push({ type: 'incarnation-held', statement });
  for (const nonce of frame.finalHeightRequests) packets.push({ type: 'final-height-request', nonce });
  for (const answer of frame.finalHeights) packets.push({ type: 'final-height', ...answer });
  for (const request of frame.proposalRequests) packets.push({ type: 'proposal-request', ...request });
  for (const chain of frame.proposalChains) {
    const proposals: Proposal[] = [];
    for (const raw of chain) {
      const proposal = decodeProposal(raw);
      if (!proposal.ok) return fail(proposal.error);
      proposals.push(proposal.value);
    }
    packets.push({ type: 'proposals', proposals });
  }
  if (frame.transactionRequests.length > 0)
    packets.push({ type: 'transaction-request', hashes: frame.transactionRequests });
  if (frame.transactions.length > 0) packets.push({ type: 'transactions', raw: frame.transactions });
  return ok(packets);
}

function emptyDraft(): Draft {
  const draft: Record<string, unknown[]> = {};
  for (const key of Object.keys(EMPTY_CONSENSUS_FRAME)) draft[key] = [];
  return draft as Draft;
}

function add(draft: Draft, packet: ConsensusPacket): void {
  switch (packet.type) {
    case 'pbft':
      draft.messages.push(encodePbftMessage(packet.message));
      return;
    case 'incarnation':
      draft.incarnations.push(packet.statement);
      return;
    case 'incarnation-stored':
      draft.incarnationsStored.push({ incarnation: packet.incarnation, instance: packet.instance });
      return;
    case 'incarnation-held':
      draft.incarnationsHeld.push(packet.statement);
      return;
    case 'final-height-request':
      draft.finalHeightRequests.push(packet.nonce);
      return;
    case 'final-height':
      draft.finalHeights.push({ nonce: packet.nonce, height: packet.height, certificate: packet.certificate });
      return;
    case 'proposal-request':
      draft.proposalRequests.push({ digest: packet.digest, heightMin: packet.heightMin });
      return;
    case 'proposals':
      draft.proposalChains.push(packet.proposals.map(encodeProposal));
      return;
    case 'transaction-request':
      draft.transactionRequests.push(...packet.hashes);
      return;
    case 'transactions':
      draft.transactions.push(...packet.raw);
      return;
  }
}

/** Upper bound of a packet's bytes in a frame, near enough to keep a frame below its limit. */
function approximateSize(packet: ConsensusPacket): number {
  switch (packet.type) {
    case 'pbft':
      return messageSize(packet.message);
    case 'proposals':
      return packet.proposals.reduce((sum, proposal) => sum + 512 + 32 * proposal.transactionHashes.length, 0);
    case 'transaction-request':
      return 40 * packet.hashes.length;
    case 'transactions':
      return packet.raw.reduce((sum, raw) => sum + raw.length + 8, 0);
    case 'final-height':
      return 16 * 1024;
    default:
      return 512;
  }
}

function messageSize(message: PbftMessage): number {
  switch (message.type) {
    case 'proposal':
      return 512 + 32 * message.proposal.transactionHashes.length;
    case 'prepare':
    case 'commit':
    case 'result':
    case 'suspect':
    case 'status':
      return 256;
    default:
      return 64 * 1024;
  }
}

/** What peers send: messages of consensus, frames of the channels, parts of sync. */
import { standardSuite } from '@hansa/crypto';
import { concatBytes } from '@hansa/primitives';
import {
  type ConsensusFrame,
  decodeConsensusFrame,
  decodeIncarnation,
  decodePbftMessage,
  decodeSyncFrame,
  decodeTransactionsFrame,
  decodeVoteCertificate,
  encodeConsensusFrame,
  encodeIncarnation,
  encodePbftMessage,
  encodeProposal,
  encodeSyncFrame,
  encodeTransactionsFrame,
  encodeVoteCertificate,
  type SyncFrame,
} from '@hansa/protocol';
import { MessageAssembler, SYNC_MESSAGE_SIZE_MAX, splitMessage } from '@hansa/sync';
import type { Prng } from '../../simulator/prng.ts';
import { randomBytes } from '../mutate.ts';
import { incarnation, pbftMessage, voteCertificate } from '../pbft-values.ts';
import { canonicalTarget, createTarget, type FuzzTarget, stableTarget } from '../target.ts';
import * as values from '../values.ts';

export function wireTargets(): FuzzTarget[] {
  return [
    canonicalTarget({
      name: 'pbft-message',
      about: 'message of consensus',
      value: (prng) => pbftMessage(prng),
      encode: encodePbftMessage,
      decode: (input) => decodePbftMessage(standardSuite, input),
    }),
    canonicalTarget({
      name: 'vote-certificate',
      about: 'quorum of PREPAREs or COMMITs',
      value: voteCertificate,
      encode: encodeVoteCertificate,
      decode: decodeVoteCertificate,
    }),
    canonicalTarget({
      name: 'incarnation',
      about: 'statement of a start',
      value: incarnation,
      encode: encodeIncarnation,
      decode: decodeIncarnation,
    }),
    stableTarget({
      name: 'consensus-frame',
      about: 'frame of the consensus channel (protobuf)',
      value: consensusFrame,
      encode: encodeConsensusFrame,
      decode: decodeConsensusFrame,
    }),
    stableTarget({
      name: 'transactions-frame',
      about: 'frame of the transactions channel (protobuf)',
      value: (prng) => ({ transactions: values.list(prng, 4, (chance) => values.bytes(chance)) }),
      encode: encodeTransactionsFrame,
      decode: decodeTransactionsFrame,
    }),
    stableTarget({
      name: 'sync-frame',
      about: 'frame of the sync channel (protobuf)',
      value: syncFrame,
      encode: encodeSyncFrame,
      decode: decodeSyncFrame,
    }),
    syncParts(),
  ];
}

function consensusFrame(prng: Prng): ConsensusFrame {
  const nonce = (chance: Prng): string => chance.hex(16);
  return {
    messages: values.list(prng, 3, (chance) => encodePbftMessage(pbftMessage(chance))),
    incarnations: values.list(prng, 2, incarnation),
    incarnationsStored: values.list(prng, 2, () => ({ incarnation: values.natural(prng), instance: nonce(prng) })),
    incarnationsHeld: values.list(prng, 1, incarnation),
    finalHeightRequests: values.list(prng, 2, nonce),
    finalHeights: values.list(prng, 2, () => ({
      nonce: nonce(prng),
      height: values.height(prng),
      certificate: values.maybe(prng, values.certificate),
    })),
    proposalRequests: values.list(prng, 2, () => ({ digest: values.hash(prng), heightMin: values.height(prng) })),
    proposalChains: values.list(prng, 2, () =>
      values.list(prng, 2, (chance) => encodeProposal(values.proposal(chance))),
    ),
    transactionRequests: values.list(prng, 3, values.hash),
    transactions: values.list(prng, 3, (chance) => values.bytes(chance)),
  };
}

const syncFrame = (prng: Prng): SyncFrame => ({
  requestId: values.u32(prng),
  request: values.maybe(prng, () => ({ fromHeight: values.natural(prng), count: prng.between(0, 128) })),
  response: values.maybe(prng, () => ({
    blocks: values.list(prng, 3, (chance) => ({
      header: values.bytes(chance),
      body: values.bytes(chance),
      certificate: values.bytes(chance),
    })),
    busy: prng.chance(0.5),
  })),
});

/** Parts of one peer, each with a u16 length before it, through one assembler. */
function syncParts(): FuzzTarget {
  return createTarget({
    name: 'sync-parts',
    about: 'parts of sync messages, put together',
    // Parts become the assembler's own.
    keepsInput: true,
    generate: (prng) => {
      const parts = values
        .list(prng, 3, (chance, at) => splitMessage(randomBytes(chance, chance.between(1, 300)), at))
        .flat();
      return concatBytes(...parts.flatMap((part) => [Uint8Array.of(part.length >> 8, part.length & 0xff), part]));
    },
    decode: (input) => {
      const assembler = new MessageAssembler();
      let size = 0;
      for (let at = 0; at + 2 <= input.length; ) {
        const end = at + 2 + (((input[at] as number) << 8) | (input[at + 1] as number));
        const pushed = assembler.push(input.slice(at + 2, end));
        if (!pushed.ok) return undefined;
        size += pushed.value?.length ?? 0;
        at = end;
      }
      return { size };
    },
    check: ({ size }, input) =>
      size <= Math.min(input.length, SYNC_MESSAGE_SIZE_MAX) ? undefined : `${size} bytes of ${input.length} came out`,
  });
}

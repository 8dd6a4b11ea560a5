import type { CryptoSuite } from '@hansa/crypto';
import type { HashHex, Result } from '@hansa/primitives';
import type { LeftOut, Proposal } from './block.ts';
import type { ProtocolFailure } from './errors.ts';
import { readIdentifier, writeIdentifier } from './identifier.ts';
import { PROPOSAL_TX_COUNT_MAX } from './limits.ts';
import { Reader } from './reader.ts';
import { TAGS } from './tags.ts';
import { Writer } from './writer.ts';

const FIXED_SIZE = 160;

/** spec FMT-30. */
export function encodeProposal(proposal: Proposal): Uint8Array {
  return writeProposal(new Writer(FIXED_SIZE + 32 * proposal.transactionHashes.length), proposal).finish();
}

export function decodeProposal(bytes: Uint8Array): Result<Proposal, ProtocolFailure> {
  const reader = new Reader(bytes, 'proposal');
  return reader.finish(readProposal(reader));
}

/** Digest that the votes speak of; a later view that takes the proposal over keeps it. */
export function proposalDigest(suite: CryptoSuite, proposal: Proposal): HashHex {
  return suite.taggedDigest(TAGS.proposal, encodeProposal(proposal));
}

/**
 * Hashes of a proposal from an executed block: what was executed, with what was left out put back at its positions.
 * Undefined when the positions do not fit.
 */
export function proposalTransactionHashes(
  executed: readonly HashHex[],
  leftOut: readonly LeftOut[],
): readonly HashHex[] | undefined {
  const hashes: HashHex[] = [];
  const count = executed.length + leftOut.length;
  let executedIndex = 0;
  let leftOutIndex = 0;
  for (let position = 0; position < count; position++) {
    const next = leftOut[leftOutIndex];
    if (next !== undefined && next.position === position) {
      hashes.push(next.hash);
      leftOutIndex++;
    } else {
      const hash = executed[executedIndex++];
      if (hash === undefined) return undefined;
      hashes.push(hash);
    }
  }
  // As many as there are positions were put in their place, so that all of both lists were.
  return hashes;
}

export function writeProposal(writer: Writer, proposal: Proposal): Writer {
  writer.u64(proposal.chainId);
  writeIdentifier(writer, proposal.groupId);
  return writer
    .u64(proposal.term)
    .u64(proposal.height)
    .u64(proposal.view)
    .hex(proposal.parentDigest, 32)
    .u64(proposal.timestamp)
    .u32(proposal.proposer)
    .list(proposal.transactionHashes, (w, hash) => w.hex(hash, 32));
}

export function readProposal(reader: Reader): Proposal {
  return {
    chainId: reader.u64(),
    groupId: readIdentifier(reader),
    term: reader.term(),
    height: reader.height(),
    view: reader.view(),
    parentDigest: reader.hash(),
    timestamp: reader.u64(),
    proposer: reader.validatorIndex(),
    transactionHashes: reader.list(PROPOSAL_TX_COUNT_MAX, (r) => r.hash()),
  };
}

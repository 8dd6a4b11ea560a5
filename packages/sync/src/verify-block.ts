import type { CryptoSuite } from '@hansa/crypto';
import { fail, type HashHex, ok, type Result, type Term, type ValidatorIndex } from '@hansa/primitives';
import {
  type BlockHeader,
  blockHash,
  type CertifiedBlock,
  decodeTransaction,
  proposalDigest,
  proposalTransactionHashes,
  txRoot,
  type ValidatorSet,
  validatorsHash,
  verifyCertificate,
} from '@hansa/protocol';
import { type SyncCode, type SyncFailure, syncFailure } from './errors.ts';

/** What a node knows before it takes a block up: all of it comes from the blocks below. */
export type BlockContext = {
  readonly genesisHash: HashHex;
  readonly parent: BlockHeader;
  readonly parentHash: HashHex;
  /** The term that holds at the block's height, from the state after the parent. */
  readonly term: { readonly term: Term; readonly validators: ValidatorSet };
  /** Hashes of the body's transactions, when they are known already. */
  readonly transactionHashes?: readonly HashHex[];
};

/** A block that everything short of its execution speaks for. */
export type VerifiedBlock = {
  readonly hash: HashHex;
  readonly certified: CertifiedBlock;
  readonly transactionHashes: readonly HashHex[];
};

/**
 * SYNC-10: whether the block follows its parent, its body is the one that its header names, and a quorum of the
 * validators that its parent names has signed it. What is left is to execute the body and to find the same header.
 * Everything that fails here is its sender's fault.
 */
export function verifyBlock(
  suite: CryptoSuite,
  context: BlockContext,
  certified: CertifiedBlock,
): Result<VerifiedBlock, SyncFailure> {
  const { header } = certified.block;
  const wrong = findHeaderFailure(suite, context, header);
  if (wrong !== undefined) return fail(wrong);
  const hashes = context.transactionHashes ?? hashTransactions(certified);
  if (hashes === undefined) return broken('SYNC_WRONG_TRANSACTIONS', header, 'a transaction is malformed');
  if (txRoot(suite, hashes) !== header.txRoot) {
    return broken('SYNC_WRONG_TRANSACTIONS', header, 'the body is not the one that the header names');
  }
  if (!isProposalOf(suite, context, certified, hashes)) {
    return broken('SYNC_WRONG_PROPOSAL', header, 'body and left-out list do not give the proposal that was decided');
  }
  const hash = blockHash(suite, header);
  const { certificate } = certified;
  if (certificate.height !== header.height || certificate.blockHash !== hash) {
    return broken('SYNC_WRONG_CERTIFICATE', header, 'the certificate is for another block');
  }
  const { genesisHash } = context;
  const { term, validators } = context.term;
  const isSigned = verifyCertificate(suite, { genesisHash, term, validators, certificate });
  if (!isSigned.ok) return broken('SYNC_WRONG_CERTIFICATE', header, isSigned.error.message);
  return ok({ hash, certified, transactionHashes: hashes });
}

/** Chain, position, term, time and validators, as the parent and the state after it determine them. */
function findHeaderFailure(suite: CryptoSuite, context: BlockContext, header: BlockHeader): SyncFailure | undefined {
  const { parent, parentHash, term } = context;
  if (header.version !== parent.version || header.chainId !== parent.chainId || header.groupId !== parent.groupId) {
    return failure(
      'SYNC_WRONG_CHAIN',
      header,
      `of chain ${header.chainId} ${header.groupId}, version ${header.version}`,
    );
  }
  if (header.height !== parent.height + 1 || header.parentHash !== parentHash) {
    return failure('SYNC_WRONG_PARENT', header, `does not follow block ${parent.height} ${parentHash}`);
  }
  if (header.term !== term.term) {
    return failure('SYNC_WRONG_TERM', header, `is of term ${header.term}, term ${term.term} holds there`);
  }
  if (header.timestamp <= parent.timestamp) {
    return failure('SYNC_WRONG_TIMESTAMP', header, 'is not later than its parent');
  }
  const expected = validatorsHash(suite, term.validators);
  if (header.validatorsHash !== expected || parent.nextValidatorsHash !== expected) {
    return failure('SYNC_WRONG_VALIDATORS', header, 'names other validators than its parent and the state do');
  }
  if (!term.validators.some((validator) => validator.nodeId === header.proposer)) {
    return failure('SYNC_WRONG_PROPOSER', header, 'was proposed by a node that is not a validator of its term');
  }
  return undefined;
}

function hashTransactions({ block }: CertifiedBlock): readonly HashHex[] | undefined {
  const hashes: HashHex[] = [];
  for (const bytes of block.body.transactions) {
    const decoded = decodeTransaction(bytes);
    if (!decoded.ok) return undefined;
    hashes.push(decoded.value.hash);
  }
  return hashes;
}

function isProposalOf(
  suite: CryptoSuite,
  context: BlockContext,
  { block }: CertifiedBlock,
  executedHashes: readonly HashHex[],
): boolean {
  const { header, body } = block;
  const transactionHashes = proposalTransactionHashes(executedHashes, body.leftOut);
  if (transactionHashes === undefined) return false;
  const proposer = context.term.validators.findIndex((validator) => validator.nodeId === header.proposer);
  const { chainId, groupId, term, height, view, timestamp } = header;
  const digest = proposalDigest(suite, {
    chainId,
    groupId,
    term,
    height,
    view,
    parentDigest: context.parent.proposalDigest,
    timestamp,
    proposer: proposer as ValidatorIndex,
    transactionHashes,
  });
  return digest === header.proposalDigest;
}

function broken(
  code: SyncCode,
  header: BlockHeader,
  message: string,
): { readonly ok: false; readonly error: SyncFailure } {
  return fail(syncFailure(code, `block ${header.height}: ${message}`));
}

function failure(code: SyncCode, header: BlockHeader, message: string): SyncFailure {
  return syncFailure(code, `block ${header.height} ${message}`);
}

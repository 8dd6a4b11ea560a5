import type { CryptoSuite } from '@hansa/crypto';
import { executeBlock, type GenesisBlock } from '@hansa/executor';
import { computeStateRoot, type VerifiedBlock, type VerifyFault } from '@hansa/ledger';
import { assert, type HashHex, type ValidatorIndex } from '@hansa/primitives';
import {
  type BlockHeader,
  blockHash,
  decodeTransaction,
  type Proposal,
  proposalTransactionHashes,
  recoverSender,
  type SignedTransaction,
  type StateChange,
  type StateKey,
} from '@hansa/protocol';

const HASHES_MAX = 256;

/**
 * Executes block after block from genesis in memory and compares every header. The state root of a whole state is
 * computed by `computeStateRoot` only for blocks that changed something, so a long ledger takes its time.
 */
export function createReplay(
  suite: CryptoSuite,
  genesis: GenesisBlock,
): (verified: VerifiedBlock) => Promise<VerifyFault | undefined> {
  const state = new Map<StateKey, Uint8Array>();
  const hashes = new Map<number, HashHex>();
  let parent: { header: BlockHeader; hash: HashHex } = { header: genesis.block.header, hash: genesis.hash };
  let term = genesis.termInfo;
  apply(state, genesis.changes);
  hashes.set(0, genesis.hash);
  return async ({ block }) => {
    const { header, body } = block;
    if (header.height === 0) return undefined;
    const fault = (field: string, message: string): VerifyFault => ({ height: header.height, field, message });
    const transactions: SignedTransaction[] = [];
    for (const [index, raw] of body.transactions.entries()) {
      const decoded = decodeTransaction(raw);
      const signed = decoded.ok ? recoverSender(decoded.value) : decoded;
      if (!signed.ok) return fault(`body.transactions[${index}]`, signed.error.message);
      transactions.push(signed.value);
    }
    const transactionHashes = proposalTransactionHashes(
      transactions.map((transaction) => transaction.hash),
      body.leftOut,
    );
    const proposer = term.validators.findIndex((validator) => validator.nodeId === header.proposer);
    if (transactionHashes === undefined || proposer < 0) return fault('body', 'no proposal of this term gives it');
    const { chainId, groupId, height, view, timestamp } = header;
    const proposal: Proposal = {
      chainId,
      groupId,
      term: header.term,
      height,
      view,
      timestamp,
      parentDigest: parent.header.proposalDigest,
      proposer: proposer as ValidatorIndex,
      transactionHashes,
    };
    const result = await executeBlock({
      suite,
      parent,
      proposal,
      transactions,
      leftOut: body.leftOut,
      state: { get: (key) => state.get(key) },
      blockHashAt: (asked) => hashes.get(asked),
      stateRootAfter: (changes) => {
        apply(state, changes);
        return computeStateRoot(
          suite,
          [...state].map(([key, value]) => ({ key, value })),
        );
      },
    });
    for (const field of Object.keys(header) as (keyof BlockHeader)[]) {
      if (String(header[field]) !== String(result.header[field]))
        return fault(
          `header.${field}`,
          `${String(header[field])} is certified, execution gives ${String(result.header[field])}`,
        );
    }
    parent = { header, hash: blockHash(suite, header) };
    hashes.set(height, parent.hash);
    hashes.delete(height - HASHES_MAX - 1);
    term = result.termInfo;
    return undefined;
  };
}

function apply(state: Map<StateKey, Uint8Array>, changes: readonly StateChange[]): void {
  for (const { key, value } of changes) {
    if (value === undefined) state.delete(key);
    else state.set(key, value);
  }
  assert(state.size > 0, 'a state is never empty');
}

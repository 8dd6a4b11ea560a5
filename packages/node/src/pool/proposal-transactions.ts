import { assert, type HashHex, type NodeId } from '@hansa/primitives';
import type { Proposal, SignedTransaction } from '@hansa/protocol';
import type { TxPool } from '@hansa/txpool';
import type { ProposalTransactions, TransactionCheck } from '../consensus/ports.ts';
import type { VerifyPool } from '../workers/verify-types.ts';
import type { OrderedTracker } from './ordered-tracker.ts';

/** Transactions fetched for proposals that the pool did not take; oldest go first, counted. */
const EXTRA_COUNT_MAX = 20_000;
/** Hashes of what the last blocks executed, so that a proposer cannot order them again. */
const RECENT_COUNT_MAX = 100_000;

export type ProposalTransactionsDependencies = {
  readonly pool: TxPool;
  readonly tracker: OrderedTracker;
  readonly verifier: Pick<VerifyPool, 'verifyTransactions'>;
  readonly digestOf: (proposal: Proposal) => HashHex;
  readonly chainId: number;
  readonly penalise: (peer: NodeId, message: string) => void;
  /** Called with the proposal before it counts as followed: the censorship rule compares orders of arrival (PBFT-V2). */
  readonly beforeMark: (proposal: Proposal, transactions: readonly SignedTransaction[]) => void;
  readonly resendWaiting: () => void;
};

export type ProposalTransactionStore = ProposalTransactions & {
  get(hash: HashHex): SignedTransaction | undefined;
  /** All transactions of a proposal that was called valid. @throws InvariantError when one is missing */
  transactionsOf(proposal: Proposal): readonly SignedTransaction[];
  /** Held until they are final, whatever the pool does with its copies: for a proposal of this node. */
  keep(transactions: readonly SignedTransaction[]): void;
  /** What was executed may not be ordered again. What was left out had no effect and may. */
  onCommitted(executed: readonly HashHex[], leftOut: readonly HashHex[]): void;
  readonly droppedCount: number;
};

/** The transactions of proposals: those of the pool, and those fetched for a proposal only (port of the driver). */
export function createProposalTransactions(dependencies: ProposalTransactionsDependencies): ProposalTransactionStore {
  const { pool, tracker, verifier, digestOf } = dependencies;
  const extra = new Map<HashHex, SignedTransaction>();
  const recent = new Set<HashHex>();
  let droppedCount = 0;

  const get = (hash: HashHex): SignedTransaction | undefined => extra.get(hash) ?? pool.get(hash);

  function keep(transactions: readonly SignedTransaction[]): void {
    for (const transaction of transactions) {
      if (transaction.chainId !== dependencies.chainId) continue;
      extra.set(transaction.hash, transaction);
    }
    for (const hash of extra.keys()) {
      if (extra.size <= EXTRA_COUNT_MAX) break;
      extra.delete(hash);
      droppedCount++;
    }
  }

  async function verifyAndKeep(raw: readonly Uint8Array[], from: NodeId | undefined): Promise<void> {
    const verified = await verifier.verifyTransactions(raw, 'proposal');
    if (!verified.ok) return;
    const good = verified.value.flatMap((result) => (result.ok ? [result.value] : []));
    if (good.length < verified.value.length && from !== undefined)
      dependencies.penalise(from, 'malformed transaction in an answer');
    keep(good);
  }

  function check({ proposal, ancestors, mode, term }: Parameters<ProposalTransactions['check']>[0]): TransactionCheck {
    const hashes = proposal.transactionHashes;
    const { txCountLimit } = term.parameters;
    if (mode === 'full' && hashes.length > txCountLimit)
      return { type: 'invalid', reason: `${hashes.length} transactions, at most ${txCountLimit}` };
    const transactions: SignedTransaction[] = [];
    const missing: HashHex[] = [];
    for (const hash of hashes) {
      const transaction = get(hash);
      if (transaction === undefined) missing.push(hash);
      else transactions.push(transaction);
    }
    // Looked at again whenever transactions arrive: what costs more comes after this.
    if (missing.length > 0) return { type: 'missing', hashes: missing };
    if (mode === 'full') {
      const reason = limitFault(transactions, term.parameters) ?? orderFault(proposal, ancestors, transactions);
      if (reason !== undefined) return { type: 'invalid', reason };
    }
    const digest = digestOf(proposal);
    if (!tracker.isMarked(proposal.height, digest)) {
      if (mode === 'full') dependencies.beforeMark(proposal, transactions);
      // Kept here as well: the pool may drop its copy (a newer price, an expiry) while the proposal needs it.
      keep(transactions);
      tracker.mark(proposal, digest, transactions);
    }
    return { type: 'valid' };
  }

  function orderFault(
    proposal: Proposal,
    ancestors: readonly Proposal[],
    transactions: readonly SignedTransaction[],
  ): string | undefined {
    const seen = new Set<HashHex>();
    for (const ancestor of ancestors) for (const hash of ancestor.transactionHashes) seen.add(hash);
    for (const hash of proposal.transactionHashes) {
      if (seen.has(hash)) return `transaction ${hash} is ordered twice`;
      if (recent.has(hash)) return `transaction ${hash} is on the chain already`;
      seen.add(hash);
    }
    const expired = transactions.find(
      (transaction) => transaction.lastHeight !== undefined && transaction.lastHeight < proposal.height,
    );
    return expired === undefined
      ? undefined
      : `transaction ${expired.hash} has expired at height ${expired.lastHeight}`;
  }

  return {
    get,
    keep,
    check,
    get droppedCount() {
      return droppedCount;
    },
    transactionsOf: (proposal) =>
      proposal.transactionHashes.map((hash) => {
        const transaction = get(hash);
        assert(
          transaction !== undefined,
          `transaction ${hash} of an accepted proposal at height ${proposal.height} must be held`,
        );
        return transaction;
      }),
    raw: (hashes, bytesMax) => {
      const found: Uint8Array[] = [];
      let size = 0;
      for (const hash of hashes) {
        const bytes = get(hash)?.bytes;
        if (bytes === undefined) continue;
        size += bytes.length;
        if (size > bytesMax) break;
        found.push(bytes);
      }
      return found;
    },
    admit: (raw, from, done) => void verifyAndKeep(raw, from).finally(done),
    restore: (raw) => void verifyAndKeep(raw, undefined),
    resendWaiting: dependencies.resendWaiting,
    onCommitted: (executed, leftOut) => {
      for (const hash of executed) {
        extra.delete(hash);
        recent.add(hash);
      }
      for (const hash of leftOut) extra.delete(hash);
      for (const hash of recent) {
        if (recent.size <= RECENT_COUNT_MAX) break;
        recent.delete(hash);
      }
    },
  };
}

type Limits = { readonly blockGasLimit: bigint; readonly blockSizeLimit: number };

function limitFault(transactions: readonly SignedTransaction[], limits: Limits): string | undefined {
  let gas = 0n;
  let size = 0;
  for (const transaction of transactions) {
    gas += transaction.gasLimit;
    size += transaction.bytes.length;
  }
  if (gas > limits.blockGasLimit) return `declared gas ${gas}, at most ${limits.blockGasLimit}`;
  return size > limits.blockSizeLimit ? `${size} bytes of transactions, at most ${limits.blockSizeLimit}` : undefined;
}

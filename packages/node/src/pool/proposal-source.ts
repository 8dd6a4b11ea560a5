import type { HashHex } from '@hansa/primitives';
import type { Proposal } from '@hansa/protocol';
import type { TxPool } from '@hansa/txpool';
import type { ProposalSource } from '../consensus/ports.ts';
import type { OrderedTracker } from './ordered-tracker.ts';
import type { ProposalTransactionStore } from './proposal-transactions.ts';

export type ProposalSourceOptions = {
  /** Least time between two proposals, in which the next one fills. The first after a pause never waits. */
  readonly gatherMs: number;
};

export type ProposalSourceDependencies = {
  readonly pool: TxPool;
  readonly tracker: OrderedTracker;
  readonly transactions: ProposalTransactionStore;
  readonly digestOf: (proposal: Proposal) => HashHex;
  readonly monotonicMs: () => number;
};

/**
 * What a primary orders next. The first transaction on an idle chain goes at once; under load proposals keep a distance,
 * so that the fixed cost of a block is shared by many.
 */
export function createProposalSource(
  options: ProposalSourceOptions,
  dependencies: ProposalSourceDependencies,
): ProposalSource {
  const { pool, tracker, transactions, digestOf, monotonicMs } = dependencies;
  let lastSelectedMs = Number.NEGATIVE_INFINITY;

  const selectNow: ProposalSource['select'] = ({ height, ancestors, term }, done) => {
    for (const ancestor of ancestors) {
      const digest = digestOf(ancestor);
      if (!tracker.isMarked(ancestor.height, digest))
        tracker.mark(ancestor, digest, transactions.transactionsOf(ancestor));
    }
    const { txCountLimit, blockSizeLimit, blockGasLimit } = term.parameters;
    const selected = pool.select({
      height,
      countMax: txCountLimit,
      sizeBytesMax: blockSizeLimit,
      gasMax: blockGasLimit,
    });
    if (selected.length > 0) lastSelectedMs = monotonicMs();
    transactions.keep(selected);
    done(selected.length === 0 ? undefined : selected.map((transaction) => transaction.hash));
  };

  return {
    select: (request, done) => {
      const waitMs = lastSelectedMs + options.gatherMs - monotonicMs();
      const isFull = pool.counts().pending >= request.term.parameters.txCountLimit;
      if (waitMs <= 0 || isFull) selectNow(request, done);
      else setTimeout(() => selectNow(request, done), Math.ceil(waitMs));
    },
  };
}

import type { HashHex, Height } from '@hansa/primitives';
import type { Proposal } from '@hansa/protocol';
import type { TxPool } from '@hansa/txpool';
import type { Clock } from '../clock.ts';
import type { ProposalSource } from '../consensus/ports.ts';
import type { CommitRate } from './commit-rate.ts';
import type { OrderedTracker } from './ordered-tracker.ts';
import type { ProposalTransactionStore } from './proposal-transactions.ts';

/**
 * Transactions that are ordered and not final yet stay below what the chain makes final in this time. More would wait in
 * the window instead of in the pool, and proposals of seconds of work let the view time out under overload.
 */
const IN_FLIGHT_SECONDS = 0.5;
/** So much is always allowed: a chain that has rested shows no rate, and learns it by trying. */
const IN_FLIGHT_COUNT_MIN = 100;

export type ProposalSourceOptions = {
  /** Least time between two proposals, in which the next one fills. The first after a pause never waits. */
  readonly gatherMs: number;
};

export type ProposalSourceDependencies = {
  readonly pool: TxPool;
  readonly tracker: OrderedTracker;
  readonly transactions: ProposalTransactionStore;
  readonly digestOf: (proposal: Proposal) => HashHex;
  readonly commitRate: Pick<CommitRate, 'perSecond'>;
  readonly headHeight: () => Height;
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>;
};

/**
 * What a primary orders next. The first transaction on an idle chain goes at once; under load proposals keep a distance,
 * so that the fixed cost of a block is shared by many.
 */
export function createProposalSource(
  options: ProposalSourceOptions,
  dependencies: ProposalSourceDependencies,
): ProposalSource {
  const { pool, tracker, transactions, digestOf, commitRate, headHeight, clock } = dependencies;
  let lastSelectedMs = Number.NEGATIVE_INFINITY;

  /** How many more may be in flight. Without room the replica asks again when a block has become final. */
  function roomFor(ancestors: readonly Proposal[]): number {
    let inFlight = 0;
    // Some may have become final while the proposal waited for its time.
    for (const ancestor of ancestors) if (ancestor.height > headHeight()) inFlight += ancestor.transactionHashes.length;
    return Math.max(IN_FLIGHT_COUNT_MIN, Math.floor(commitRate.perSecond() * IN_FLIGHT_SECONDS)) - inFlight;
  }

  const selectNow: ProposalSource['select'] = ({ height, ancestors, term }, done) => {
    for (const ancestor of ancestors) {
      const digest = digestOf(ancestor);
      if (!tracker.isMarked(ancestor.height, digest))
        tracker.mark(ancestor, digest, transactions.transactionsOf(ancestor));
    }
    const { txCountLimit, blockSizeLimit, blockGasLimit } = term.parameters;
    const room = roomFor(ancestors);
    if (room <= 0) return done(undefined);
    const selected = pool.select({
      height,
      countMax: Math.min(txCountLimit, room),
      sizeBytesMax: blockSizeLimit,
      gasMax: blockGasLimit,
    });
    if (selected.length > 0) lastSelectedMs = clock.monotonicMs();
    transactions.keep(selected);
    done(selected.length === 0 ? undefined : selected.map((transaction) => transaction.hash));
  };

  return {
    select: (request, done) => {
      const waitMs = lastSelectedMs + options.gatherMs - clock.monotonicMs();
      if (waitMs <= 0) selectNow(request, done);
      else clock.after(Math.ceil(waitMs), () => selectNow(request, done));
    },
  };
}

import type { HashHex, Height } from '@hansa/primitives';
import type { Proposal } from '@hansa/protocol';
import type { TxPool } from '@hansa/txpool';
import type { Clock } from '../clock.ts';
import type { ProposalSource } from '../consensus/ports.ts';
import type { InFlightLimit } from './in-flight-limit.ts';
import type { OrderedTracker } from './ordered-tracker.ts';
import type { Pace } from './pace.ts';
import type { ProposalTransactionStore } from './proposal-transactions.ts';

/**
 * A proposal follows the one before it after this part of the time that a block takes now: on a machine that is full
 * blocks get larger and fewer, and their fixed price (12 ms of CPU on each validator) is shared by more.
 */
const DISTANCE_SHARE = 0.75;
/** At most this part of the view time-out: a proposal must not wait so long that its primary looks absent. */
const DISTANCE_TIMEOUT_SHARE = 0.25;

/**
 * A chain whose blocks take more than this part of the view time-out is full, or its members are a world apart. It would fill
 * its window with small proposals, each of which costs what a large one does: while `SLOW_UNDECIDED_MAX` heights wait for
 * their decision the next one fills instead. Decisions come all the time meanwhile, so that nobody misses the primary.
 */
const SLOW_SHARE = 0.5;
const SLOW_UNDECIDED_MAX = 2;

export type ProposalSourceOptions = {
  /** Least time between two proposals, in which the next one fills. The first after a pause never waits. */
  readonly gatherMs: number;
};

export type ProposalSourceDependencies = {
  readonly pool: TxPool;
  readonly tracker: OrderedTracker;
  readonly transactions: ProposalTransactionStore;
  readonly digestOf: (proposal: Proposal) => HashHex;
  readonly inFlight: InFlightLimit;
  readonly pace: Pick<Pace, 'onFollowed' | 'blockMs'>;
  readonly headHeight: () => Height;
  readonly decidedHeight: () => Height;
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
  const { pool, tracker, transactions, digestOf, inFlight, pace, headHeight, decidedHeight, clock } = dependencies;
  let lastSelectedMs = Number.NEGATIVE_INFINITY;

  /** How many more transactions may be in flight. */
  function roomFor(ancestors: readonly Proposal[]): number {
    let count = 0;
    // Some may have become final while the proposal waited for its time.
    for (const ancestor of ancestors) if (ancestor.height > headHeight()) count += ancestor.transactionHashes.length;
    return inFlight.count() - count;
  }

  const isFollowed = (ancestor: Proposal): boolean => tracker.isMarked(ancestor.height, digestOf(ancestor));

  const selectNow: ProposalSource['select'] = ({ height, ancestors, term }, done) => {
    const { txCountLimit, blockSizeLimit, blockGasLimit } = term.parameters;
    const room = roomFor(ancestors);
    const isSlow = pace.blockMs() > SLOW_SHARE * term.parameters.viewTimeoutBaseMs;
    // The replica asks again when a height is decided, and when one is final.
    if (room <= 0 || (isSlow && height > decidedHeight() + SLOW_UNDECIDED_MAX)) return done(undefined);
    const selected = pool.select({
      height,
      countMax: Math.min(txCountLimit, room),
      sizeBytesMax: blockSizeLimit,
      gasMax: blockGasLimit,
    });
    if (selected.length === 0) return done(undefined);
    lastSelectedMs = clock.monotonicMs();
    inFlight.onProposed(height, selected.length >= room);
    pace.onFollowed(height);
    transactions.keep(selected);
    done(selected.map((transaction) => transaction.hash));
  };

  return {
    select: (request, done) => {
      for (const ancestor of request.ancestors) {
        if (!isFollowed(ancestor)) tracker.mark(ancestor, digestOf(ancestor), transactions.transactionsOf(ancestor));
      }
      const distanceMsMax = DISTANCE_TIMEOUT_SHARE * request.term.parameters.viewTimeoutBaseMs;
      const distanceMs = Math.max(options.gatherMs, Math.min(distanceMsMax, DISTANCE_SHARE * pace.blockMs()));
      const waitMs = lastSelectedMs + distanceMs - clock.monotonicMs();
      if (waitMs <= 0) return selectNow(request, done);
      clock.after(Math.ceil(waitMs), () => {
        // Another view may follow other proposals by now, and may have made the transactions of these final: nobody
        // waits for this answer any more.
        if (request.ancestors.every(isFollowed)) selectNow(request, done);
        else done(undefined);
      });
    },
  };
}

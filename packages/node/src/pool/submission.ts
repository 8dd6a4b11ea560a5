import { type Failure, fail, type HashHex, type Result } from '@hansa/primitives';
import type { Origin, TxPool } from '@hansa/txpool';
import type { Clock } from '../clock.ts';
import type { VerifyPool } from '../workers/verify-types.ts';
import type { CommitRate } from './commit-rate.ts';

/** Submissions being checked; more are refused. Well below the limit of the verify worker, which peers share. */
const WAITING_COUNT_MAX = 8_192;
/** Clients are refused while the first submission that is not answered has waited for so long: the node is overloaded. */
const WAIT_MS_MAX = 500;
/**
 * A client is refused while more executable transactions wait than the chain makes final in this time: a quick no is
 * worth more than a late yes, and the work of taking in what cannot be ordered would slow the ordering down.
 */
const BACKLOG_SECONDS = 1;
/** So much may always wait: a burst on a chain that has rested. */
const BACKLOG_COUNT_MIN = 1_536;
/**
 * The first submission after a pause goes on at once. In a stream of them a batch follows the one before it by this
 * much: a batch costs two changes of thread and a synced write, however few are in it.
 */
const GATHER_MS = 10;

export type Submission = { submit(raw: Uint8Array): Promise<Result<HashHex, Failure>>; pendingCount(): number };

export type SubmissionDependencies = {
  readonly pool: TxPool;
  readonly verifier: Pick<VerifyPool, 'verifyTransactions'>;
  readonly commitRate: Pick<CommitRate, 'perSecond'>;
  /** Resolves when the journal holds everything that was admitted so far: only then is a client told yes. */
  readonly flushJournal: () => Promise<void>;
  readonly onAdmitted: () => void;
  readonly clock: Pick<Clock, 'defer' | 'after' | 'monotonicMs'>;
};

type Waiting = { readonly raw: Uint8Array; readonly resolve: (result: Result<HashHex, Failure>) => void };

const busy = (remedy: string): Result<never, Failure> => fail({ code: 'POOL_BUSY', message: 'txpool is full', remedy });

/** Gathers what clients submit into batches for verify worker, pool and journal. */
export function createSubmission(dependencies: SubmissionDependencies): Submission {
  const { pool, verifier, commitRate, flushJournal, onAdmitted, clock } = dependencies;
  let waiting: Waiting[] = [];
  let pendingCount = 0;
  let flushedAtMs = Number.NEGATIVE_INFINITY;
  /** When the batches left that are not answered yet; they are answered in their order. */
  const begunAtMs: number[] = [];

  function schedule(): void {
    const waitMs = flushedAtMs + GATHER_MS - clock.monotonicMs();
    if (waitMs > 0) clock.after(Math.ceil(waitMs), () => void flush());
    else clock.defer(() => void flush());
  }

  async function flush(): Promise<void> {
    const batch = waiting;
    waiting = [];
    flushedAtMs = clock.monotonicMs();
    begunAtMs.push(flushedAtMs);
    try {
      const results = await admit(batch.map((entry) => entry.raw));
      for (const [index, entry] of batch.entries()) entry.resolve(results[index] as Result<HashHex, Failure>);
    } finally {
      pendingCount -= batch.length;
      begunAtMs.shift();
    }
  }

  async function admit(raw: readonly Uint8Array[]): Promise<readonly Result<HashHex, Failure>[]> {
    const verified = await verifier.verifyTransactions(raw, 'client');
    if (!verified.ok) return raw.map(() => fail(verified.error));
    const good = verified.value.flatMap((result) => (result.ok ? [result.value] : []));
    const admitted = pool.add(good, { type: 'local' } satisfies Origin);
    onAdmitted();
    if (admitted.some((result) => result.ok)) await flushJournal();
    let next = 0;
    return verified.value.map((result): Result<HashHex, Failure> => {
      if (!result.ok) return result;
      const outcome = admitted[next++] as (typeof admitted)[number];
      return outcome.ok ? { ok: true, value: outcome.value.hash } : outcome;
    });
  }

  return {
    pendingCount: () => pendingCount,
    submit: (raw) => {
      const isSlow = clock.monotonicMs() - (begunAtMs[0] ?? Number.POSITIVE_INFINITY) > WAIT_MS_MAX;
      if (isSlow || pendingCount >= WAITING_COUNT_MAX)
        return Promise.resolve(busy('this node checks as many transactions as it can: send again in a moment'));
      const { pending, ordered } = pool.counts();
      const backlog = pending + ordered + pendingCount;
      const perSecond = Math.floor(commitRate.perSecond());
      if (backlog >= Math.max(BACKLOG_COUNT_MIN, BACKLOG_SECONDS * perSecond))
        return Promise.resolve(
          busy(`${backlog} transactions wait and about ${perSecond} become final per second: send again in a moment`),
        );
      pendingCount++;
      return new Promise((resolve) => {
        waiting.push({ raw, resolve });
        if (waiting.length === 1) schedule();
      });
    },
  };
}

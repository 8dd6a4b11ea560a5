import type { Network } from '@hansa/network';
import type { NodeId } from '@hansa/primitives';
import { decodeTransactionsFrame, encodeTransactionsFrame } from '@hansa/protocol';
import type { TxPool } from '@hansa/txpool';
import type { Clock } from '../clock.ts';
import type { VerifyPool } from '../workers/verify-types.ts';
import type { Pace } from './pace.ts';

/** One frame to one peer. Small enough not to hold up votes on the same socket, large enough to be cheap. */
const FRAME_SIZE_MAX = 48 * 1024;
const FRAME_COUNT_MAX = 512;
/**
 * The first transaction after a pause leaves at once. In a stream of them the next frame follows this much later: a
 * frame costs sender and receiver far more than one more transaction in it.
 */
const GATHER_MS = 20;
/** On a machine that is full frames get larger and fewer: this part of the time that a block takes now, up to a limit. */
const GATHER_SHARE = 0.15;
const GATHER_MS_MAX = 60;
const RETRY_MS = 50;
/** What is said to all once more: one that waits is enough to suspect a primary. */
const RESENT_COUNT_MAX = 2;

export type GossipDependencies = {
  readonly pool: TxPool;
  readonly network: Pick<Network, 'send' | 'penalise' | 'onFrame'>;
  readonly verifier: Pick<VerifyPool, 'verifyTransactions'>;
  /** Something was admitted, or the facts that the view timer counts have changed. */
  readonly onChanged: () => void;
  readonly pace: Pick<Pace, 'blockMs'>;
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>;
};

export type Gossip = {
  /** Something new is in the pool: send it soon. */
  schedule(): void;
  /**
   * Nothing was ordered for half a time-out (PBFT-V1): a primary that was busy, or away, may have lost what it was sent. Each
   * node gives it what its own clients handed in, once more, and says to all of a few that they wait.
   */
  resendWaiting(primary: NodeId): void;
  stop(): void;
};

/** Passes admitted transactions to the peers in batches, and theirs to the pool. */
export function createGossip(dependencies: GossipDependencies): Gossip {
  const { pool, network, verifier, onChanged, pace, clock } = dependencies;
  let cancel: (() => void) | undefined;
  let isStopped = false;
  let flushedAtMs = Number.NEGATIVE_INFINITY;

  function dueInMs(): number {
    const gatherMs = Math.max(GATHER_MS, Math.min(GATHER_MS_MAX, GATHER_SHARE * pace.blockMs()));
    return Math.max(0, Math.ceil(flushedAtMs + gatherMs - clock.monotonicMs()));
  }

  function schedule(delayMs = dueInMs()): void {
    if (isStopped || cancel !== undefined) return;
    cancel = clock.after(delayMs, flush);
  }

  function flush(): void {
    cancel = undefined;
    let isMore = false;
    flushedAtMs = clock.monotonicMs();
    for (const peer of pool.peersWithGossip()) {
      const batch = pool.takeGossip(peer, { countMax: FRAME_COUNT_MAX, sizeBytesMax: FRAME_SIZE_MAX });
      if (batch.length === 0) continue;
      const frame = encodeTransactionsFrame({ transactions: batch.map((transaction) => transaction.bytes) });
      if (network.send(peer, 'transactions', frame)) isMore = true;
      else pool.untakeGossip(peer);
    }
    if (isMore) onChanged();
    // A peer whose queue is full is tried again a little later.
    if (pool.peersWithGossip().length > 0) schedule(isMore ? 0 : RETRY_MS);
  }

  network.onFrame('transactions', async (from: NodeId, bytes: Uint8Array) => {
    const frame = decodeTransactionsFrame(bytes);
    if (!frame.ok) return network.penalise(from, `transactions frame: ${frame.error.message}`);
    const verified = await verifier.verifyTransactions(frame.value.transactions, 'peer');
    // Busy: the peer sends again what stays unordered, and meanwhile this handler's promise has held it back.
    if (!verified.ok) return;
    const good = verified.value.flatMap((result) => (result.ok ? [result.value] : []));
    if (good.length < verified.value.length) {
      network.penalise(from, `${verified.value.length - good.length} transactions with a wrong form or signature`);
    }
    pool.add(good, { type: 'peer', nodeId: from, relay: false });
    onChanged();
  });

  function resendOwn(primary: NodeId): void {
    const own = pool.ownWaiting(FRAME_COUNT_MAX).map(({ bytes }) => bytes);
    let sizeBytes = 0;
    const cut = own.findIndex(({ length }) => {
      sizeBytes += length;
      return sizeBytes > FRAME_SIZE_MAX;
    });
    const transactions = own.slice(0, cut === -1 ? own.length : Math.max(1, cut));
    // One that is not sent is sent at the next half of a time-out.
    if (transactions.length > 0) network.send(primary, 'transactions', encodeTransactionsFrame({ transactions }));
  }

  return {
    schedule: () => schedule(),
    resendWaiting: (primary) => {
      resendOwn(primary);
      if (pool.resendWaiting({ countMax: RESENT_COUNT_MAX, sentMax: RESENT_COUNT_MAX, waitedMsMin: 0 }) > 0) schedule();
    },
    stop: () => {
      isStopped = true;
      cancel?.();
    },
  };
}

import type { PbftStatus, PoolState } from '@hansa/consensus';
import type { HashHex, NodeId } from '@hansa/primitives';
import type { ChainParameters, Proposal, SignedTransaction } from '@hansa/protocol';
import type { TxPool } from '@hansa/txpool';
import type { Clock } from '../clock.ts';
import { createOvertakingPatience } from './overtaking-patience.ts';
import type { Pace } from './pace.ts';

export type PoolStateDependencies = {
  readonly pool: TxPool;
  readonly nodeId: NodeId;
  readonly pbft: () => PbftStatus;
  readonly parameters: () => ChainParameters;
  readonly scheduleGossip: () => void;
  readonly pace: Pick<Pace, 'blockMs'>;
  readonly clock: Pick<Clock, 'defer' | 'monotonicMs'>;
  /** Given when something that counts has changed. */
  readonly publish: (state: PoolState) => void;
};

export type PoolStateWatch = {
  /** Something may have changed: looked at once per turn of the event loop. */
  schedule(): void;
  /** A proposal is about to be followed: does it overtake one of ours (PBFT-V2)? */
  beforeMark(proposal: Proposal, transactions: readonly SignedTransaction[]): void;
};

/** Transactions that are looked at for having waited too long. */
const WATCHED_COUNT_MAX = 64;
/**
 * How many of them are announced within a quarter of T. One that waits is enough to suspect a primary; to announce all
 * would mean that every node sends every transaction to every other one as soon as a chain is overloaded.
 */
const ANNOUNCED_COUNT_MAX = 2;
/** How often a backup is told that nothing has changed. */
const TOLD_AGAIN_MS = 250;

/** What consensus has to know of the pool (PBFT-N1, PBFT-V1, PBFT-V2), told when it changes. */
export function createPoolStateWatch(dependencies: PoolStateDependencies): PoolStateWatch {
  const { pool, pbft, pace, clock } = dependencies;
  const patience = createOvertakingPatience({ blockMs: pace.blockMs, monotonicMs: clock.monotonicMs });
  let last: PoolState | undefined;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  let announcedAtMs = Number.NEGATIVE_INFINITY;
  let overtaken: { readonly hash: HashHex; readonly in: NonNullable<PoolState['overtakenIn']> } | undefined;
  let isScheduled = false;

  /** One that came from a peer counts as waiting once this node has sent it, too (PBFT-V1): a quarter of T is patience. */
  function announceWaiting(): void {
    const waitedMsMin = dependencies.parameters().viewTimeoutBaseMs / 4;
    const nowMs = clock.monotonicMs();
    if (nowMs < announcedAtMs + waitedMsMin) return;
    const count = pool.resendWaiting({
      countMax: WATCHED_COUNT_MAX,
      sentMax: ANNOUNCED_COUNT_MAX,
      waitedMsMin,
      onlyForeign: true,
    });
    if (count === 0) return;
    announcedAtMs = nowMs;
    dependencies.scheduleGossip();
  }

  function refresh(): void {
    isScheduled = false;
    announceWaiting();
    const status = pbft();
    const primary = status.primary === dependencies.nodeId ? undefined : status.primary;
    const others = status.peers.filter((peer) => peer.nodeId !== dependencies.nodeId && peer.nodeId !== primary);
    if (overtaken !== undefined && pool.status(overtaken.hash).type !== 'pending') overtaken = undefined;
    const next: PoolState = {
      hasExecutable: pool.hasExecutable(),
      hasWaiting: pool.hasWaiting({ primary, others, weightAbove: status.maxFaultyWeight }),
      overtakenIn: overtaken?.in,
    };
    // While something can be ordered the primary is told again: when it had nothing to add it asks after the next news.
    // To all others the same again is a step of the replica for nothing; now and then, since a replica may begin anew.
    const isPrimary = status.primary === dependencies.nodeId;
    const isToldAgain = next.hasExecutable && (isPrimary || clock.monotonicMs() - toldAtMs >= TOLD_AGAIN_MS);
    const isSame =
      !isToldAgain &&
      last !== undefined &&
      last.hasExecutable === next.hasExecutable &&
      last.hasWaiting === next.hasWaiting &&
      last.overtakenIn === next.overtakenIn;
    if (isSame) return;
    last = next;
    toldAtMs = clock.monotonicMs();
    dependencies.publish(next);
  }

  return {
    schedule: () => {
      if (isScheduled) return;
      isScheduled = true;
      clock.defer(refresh);
    },
    beforeMark: (proposal, transactions) => {
      const status = pbft();
      if (status.primary === dependencies.nodeId) return;
      const marginMs = patience.marginMs(dependencies.parameters().viewTimeoutBaseMs);
      const hash = pool.findOvertaken(transactions, { marginMs, primary: status.primary });
      if (hash === undefined) return;
      const place = { term: proposal.term, view: status.view };
      if (overtaken?.in.term !== place.term || overtaken.in.view !== place.view) patience.onAccused();
      overtaken = { hash, in: place };
    },
  };
}

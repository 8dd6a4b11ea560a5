import type { PbftStatus } from '@hansa/consensus';
import type { HashHex, Height, Term, View } from '@hansa/primitives';
import type { Proposal, SignedTransaction } from '@hansa/protocol';
import type { TxPool } from '@hansa/txpool';

/**
 * Keeps the pool's marks ("in a proposal at this height") equal to the chain of proposals that the replica follows.
 */
export type OrderedTracker = {
  /** This proposal is followed now. */
  mark(proposal: Proposal, digest: HashHex, transactions: readonly SignedTransaction[]): void;
  /** True for what is final, too: its transactions are on the chain and no longer the pool's matter. */
  isMarked(height: Height, digest: HashHex): boolean;
  /** After a view change what the replica does not follow any more goes back to the pool. */
  onStatus(status: PbftStatus): void;
  onCommitted(height: Height): void;
};

export function createOrderedTracker(
  pool: Pick<TxPool, 'markOrdered' | 'dropOrdered'>,
  headHeight: Height,
): OrderedTracker {
  const marked = new Map<Height, HashHex>();
  let finalHeight = headHeight;
  let place: { readonly term: Term; readonly view: View } | undefined;
  return {
    mark: (proposal, digest, transactions) => {
      marked.set(proposal.height, digest);
      pool.markOrdered(proposal.height, transactions);
    },
    isMarked: (height, digest) => height <= finalHeight || marked.get(height) === digest,
    onStatus: (status) => {
      const hasMoved = place !== undefined && (place.term !== status.term || place.view !== status.view);
      place = { term: status.term, view: status.view };
      if (!hasMoved) return;
      const followed = new Map(status.inFlight.map((entry) => [entry.height, entry.digest]));
      const dead = [...marked].filter(
        ([height, digest]) => height > status.decidedHeight && followed.get(height) !== digest,
      );
      if (dead.length === 0) return;
      const from = dead.reduce(
        (least, [height]) => (height < least ? height : least),
        (dead[0] as [Height, HashHex])[0],
      );
      for (const height of [...marked.keys()]) if (height >= from) marked.delete(height);
      pool.dropOrdered(from);
    },
    onCommitted: (height) => {
      if (height > finalHeight) finalHeight = height;
      for (const known of [...marked.keys()]) if (known <= height) marked.delete(known);
    },
  };
}

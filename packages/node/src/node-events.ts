import type { SignedTransaction } from '@hansa/protocol';
import type { CommittedBlock } from './execution/messages.ts';

/** What the RPC server's subscribers learn. Listeners are called in the order in which they came, and must be quick. */
export type NodeEvents = {
  onCommitted(listener: (block: CommittedBlock) => void): () => void;
  onAdmitted(listener: (transactions: readonly SignedTransaction[]) => void): () => void;
  committed(block: CommittedBlock): void;
  admitted(transactions: readonly SignedTransaction[]): void;
};

export function createNodeEvents(): NodeEvents {
  const blockListeners = new Set<(block: CommittedBlock) => void>();
  const transactionListeners = new Set<(transactions: readonly SignedTransaction[]) => void>();
  return {
    onCommitted: (listener) => {
      blockListeners.add(listener);
      return () => blockListeners.delete(listener);
    },
    onAdmitted: (listener) => {
      transactionListeners.add(listener);
      return () => transactionListeners.delete(listener);
    },
    committed: (block) => {
      for (const listener of blockListeners) listener(block);
    },
    admitted: (transactions) => {
      for (const listener of transactionListeners) listener(transactions);
    },
  };
}

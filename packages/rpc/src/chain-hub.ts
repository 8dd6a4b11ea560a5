import type { HashHex } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import type { HeadFacts, RpcBackend } from './backend.ts';
import type { BlockCache } from './block-cache.ts';

/** Passes events on to whoever listens; the node is asked for them only while somebody does. */
export type ChainHub = {
  onHead(listener: (head: HeadFacts) => void): () => void;
  onPendingTransactions(listener: (transactions: readonly SignedTransaction[]) => void): () => void;
  /** True when the transaction was committed, false after the time or when the signal is aborted. */
  waitForCommit(hash: HashHex, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
  waiterCount(): number;
  stop(): void;
};

/** @param onError a listener has thrown: a fault of ours, which must reach neither the others nor the node */
export function createChainHub(
  backend: RpcBackend,
  blocks: BlockCache,
  onError: (error: unknown, event: 'head' | 'pending transactions') => void,
): ChainHub {
  const heads = createFanOut<HeadFacts>(
    (listener) => backend.onHead(listener),
    (error) => onError(error, 'head'),
  );
  const pending = createFanOut<readonly SignedTransaction[]>(
    (listener) => backend.onPendingTransactions(listener),
    (error) => onError(error, 'pending transactions'),
  );
  const waiters = new Map<HashHex, Set<() => void>>();
  let waiterCount = 0;
  let stopHeads: (() => void) | undefined;

  function onHead(head: HeadFacts): void {
    for (const { transactionHash } of blocks.get(head.height)?.receipts ?? []) {
      for (const resolve of waiters.get(transactionHash) ?? []) resolve();
    }
  }

  function waitForCommit(hash: HashHex, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    stopHeads ??= heads.add(onHead);
    return new Promise((resolve) => {
      const set = waiters.get(hash) ?? new Set();
      waiters.set(hash, set);
      waiterCount++;
      const end = (isCommitted: boolean): void => {
        if (!set.delete(onCommit)) return;
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        waiterCount--;
        if (set.size === 0 && waiters.get(hash) === set) waiters.delete(hash);
        if (waiterCount === 0) {
          stopHeads?.();
          stopHeads = undefined;
        }
        resolve(isCommitted);
      };
      const onCommit = (): void => end(true);
      const onAbort = (): void => end(false);
      const timer = setTimeout(onAbort, timeoutMs);
      set.add(onCommit);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  }

  return {
    onHead: heads.add,
    onPendingTransactions: pending.add,
    waitForCommit,
    waiterCount: () => waiterCount,
    stop: () => {
      heads.stop();
      pending.stop();
    },
  };
}

type FanOut<T> = { add(listener: (value: T) => void): () => void; stop(): void };

function createFanOut<T>(
  start: (listener: (value: T) => void) => () => void,
  onError: (error: unknown) => void,
): FanOut<T> {
  const listeners = new Set<(value: T) => void>();
  let stop: (() => void) | undefined;
  return {
    add: (listener) => {
      listeners.add(listener);
      stop ??= start((value) => {
        for (const each of [...listeners]) {
          try {
            each(value);
          } catch (error) {
            onError(error);
          }
        }
      });
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = undefined;
      };
    },
    stop: () => {
      listeners.clear();
      stop?.();
      stop = undefined;
    },
  };
}

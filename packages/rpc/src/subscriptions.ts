import { randomBytes } from 'node:crypto';
import { bytesToHex } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import type { HeadFacts, RpcBackend } from './backend.ts';
import type { BlockCache } from './block-cache.ts';
import { blockLogs, toHeaderJson, toLogJson, toTransactionJson } from './block-json.ts';
import type { ChainHub } from './chain-hub.ts';
import { limitExceeded } from './errors.ts';
import type { RpcLimits } from './limits.ts';
import { type LogPattern, matchesLog } from './log-filter.ts';
import { prefixed } from './values.ts';

export type SubscriptionKind =
  | { readonly type: 'newHeads' }
  | { readonly type: 'logs'; readonly pattern: LogPattern }
  | { readonly type: 'newPendingTransactions'; readonly withBody: boolean };

/** Subscriptions of one WebSocket. */
export type SocketSubscriptions = {
  /** @throws RpcRefusal over the limit */
  add(kind: SubscriptionKind): string;
  remove(id: string): boolean;
  count(): number;
  stop(): void;
};

export type SubscriptionDependencies = {
  readonly backend: Pick<RpcBackend, 'chain'>;
  readonly hub: ChainHub;
  readonly blocks: BlockCache;
  /** MUST NOT block; a socket that does not keep up is closed by it. */
  readonly send: (text: string) => void;
};

export function createSocketSubscriptions(
  dependencies: SubscriptionDependencies,
  limits: Pick<RpcLimits, 'subscriptionsPerSocketMax'>,
): SocketSubscriptions {
  const { hub, blocks, send } = dependencies;
  const ends = new Map<string, () => void>();
  const notify = (id: string, result: unknown): void =>
    send(
      `{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"${id}","result":${JSON.stringify(result)}}}`,
    );

  function start(id: string, kind: SubscriptionKind): () => void {
    switch (kind.type) {
      case 'newHeads':
        return hub.onHead((head) => {
          const block = blocks.get(head.height);
          if (block !== undefined) notify(id, toHeaderJson(block));
        });
      case 'logs':
        return hub.onHead((head) => notifyLogs(id, kind.pattern, head));
      case 'newPendingTransactions':
        return hub.onPendingTransactions((transactions) => notifyPending(id, kind.withBody, transactions));
    }
  }

  function notifyLogs(id: string, pattern: LogPattern, head: HeadFacts): void {
    const block = blocks.get(head.height);
    if (block === undefined) return;
    for (const log of blockLogs(block)) if (matchesLog(pattern, log)) notify(id, toLogJson(log));
  }

  function notifyPending(id: string, withBody: boolean, transactions: readonly SignedTransaction[]): void {
    for (const transaction of transactions) {
      notify(id, withBody ? toTransactionJson(transaction, undefined) : prefixed(transaction.hash));
    }
  }

  function remove(id: string): boolean {
    const end = ends.get(id);
    ends.delete(id);
    end?.();
    return end !== undefined;
  }

  return {
    add: (kind) => {
      if (ends.size >= limits.subscriptionsPerSocketMax) {
        throw limitExceeded(
          `this connection has ${ends.size} subscriptions, no more are allowed`,
          'end some by eth_unsubscribe, or filter by a list of addresses in one',
        );
      }
      const id = `0x1${bytesToHex(randomBytes(15))}`;
      ends.set(id, start(id, kind));
      return id;
    },
    remove,
    count: () => ends.size,
    stop: () => {
      for (const id of [...ends.keys()]) remove(id);
    },
  };
}

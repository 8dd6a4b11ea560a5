import { randomBytes } from 'node:crypto';
import { bytesToHex } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import type { HeadFacts } from './backend.ts';
import type { BlockCache } from './block-cache.ts';
import type { ChainHub } from './chain-hub.ts';
import { limitExceeded } from './errors.ts';
import type { RpcLimits } from './limits.ts';
import type { LogPattern } from './log-filter.ts';
import type { Notices } from './notices.ts';
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
  readonly hub: ChainHub;
  readonly blocks: BlockCache;
  readonly notices: Notices;
  /** Of all connections. */
  readonly subscriptionCount: () => number;
  /** MUST NOT block; a socket that does not keep up is closed by it. */
  readonly send: (text: string) => void;
};

export function createSocketSubscriptions(
  dependencies: SubscriptionDependencies,
  limits: Pick<RpcLimits, 'subscriptionsPerSocketMax' | 'subscriptionCountMax'>,
): SocketSubscriptions {
  const { hub, blocks, notices, send } = dependencies;
  const ends = new Map<string, () => void>();
  const notify = (id: string, resultText: string): void =>
    send(`{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"${id}","result":${resultText}}}`);

  function start(id: string, kind: SubscriptionKind): () => void {
    switch (kind.type) {
      case 'newHeads':
        return hub.onHead((head) => {
          const block = blocks.get(head.height);
          if (block !== undefined) notify(id, notices.header(block));
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
    for (const text of notices.logs(block, pattern)) notify(id, text);
  }

  function notifyPending(id: string, withBody: boolean, transactions: readonly SignedTransaction[]): void {
    for (const transaction of transactions) {
      notify(id, withBody ? notices.transaction(transaction) : `"${prefixed(transaction.hash)}"`);
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
      if (dependencies.subscriptionCount() >= limits.subscriptionCountMax) {
        throw limitExceeded(
          `all ${limits.subscriptionCountMax} subscriptions are in use`,
          'ask another node, or try later',
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

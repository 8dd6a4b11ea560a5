import { randomBytes } from 'node:crypto';
import { bytesToHex, type HashHex, type Height, toHeight } from '@hansa/primitives';
import type { RpcBackend } from './backend.ts';
import type { ChainHub } from './chain-hub.ts';
import { limitExceeded, RPC_CODES, RpcRefusal } from './errors.ts';
import type { RpcLimits } from './limits.ts';
import type { LogPattern, LogRange } from './log-filter.ts';

export type Filter =
  | {
      readonly type: 'logs';
      readonly pattern: LogPattern;
      readonly range: OpenRange;
      nextHeight: Height;
      /** Ends with the poll before: two at a time would tell the same logs twice. */
      turn: Promise<unknown>;
    }
  | { readonly type: 'blocks'; nextHeight: Height }
  | { readonly type: 'pending'; hashes: HashHex[] };

/** `toHeight` undefined: the head, wherever it is when asked. */
export type OpenRange = { readonly fromHeight: Height; readonly toHeight: Height | undefined };

/** Filters that clients poll. Those that nobody polls are removed after filterIdleMs. */
export type FilterStore = {
  addLogs(pattern: LogPattern, range: OpenRange): string;
  addBlocks(): string;
  addPending(): string;
  /** Counts as a poll. @throws RpcRefusal "filter not found" */
  get(id: string): Filter;
  remove(id: string): boolean;
  count(): number;
  stop(): void;
};

type Entry = { readonly filter: Filter; polledMs: number };

export function createFilterStore(
  dependencies: { readonly backend: RpcBackend; readonly hub: ChainHub; readonly now: () => number },
  limits: RpcLimits,
): FilterStore {
  const { backend, hub, now } = dependencies;
  const entries = new Map<string, Entry>();
  let pendingCount = 0;
  let stopPending: (() => void) | undefined;

  function add(filter: Filter): string {
    removeIdle();
    if (entries.size >= limits.filterCountMax) {
      throw limitExceeded(`all ${limits.filterCountMax} filters are in use`, 'subscribe over WebSocket, or try later');
    }
    // Not to be guessed: whoever knows the id empties the filter.
    const id = `0x1${bytesToHex(randomBytes(15))}`;
    entries.set(id, { filter, polledMs: now() });
    return id;
  }

  function removeIdle(): void {
    for (const [id, entry] of entries) if (now() - entry.polledMs > limits.filterIdleMs) remove(id);
  }

  function remove(id: string): boolean {
    const entry = entries.get(id);
    if (entry === undefined) return false;
    entries.delete(id);
    if (entry.filter.type === 'pending' && --pendingCount === 0) {
      stopPending?.();
      stopPending = undefined;
    }
    return true;
  }

  function collectPending(transactions: readonly { readonly hash: HashHex }[]): void {
    removeIdle();
    for (const { filter } of entries.values()) {
      if (filter.type !== 'pending') continue;
      for (const { hash } of transactions) if (filter.hashes.length < limits.filterPendingMax) filter.hashes.push(hash);
    }
  }

  return {
    addLogs: (pattern, range) => {
      const fromHere = backend.head().height + 1;
      const nextHeight = toHeight(Math.max(fromHere, range.fromHeight));
      return add({ type: 'logs', pattern, range, nextHeight, turn: Promise.resolve() });
    },
    addBlocks: () => add({ type: 'blocks', nextHeight: toHeight(backend.head().height + 1) }),
    addPending: () => {
      const id = add({ type: 'pending', hashes: [] });
      pendingCount++;
      stopPending ??= hub.onPendingTransactions(collectPending);
      return id;
    },
    get: (id) => {
      removeIdle();
      const entry = entries.get(id);
      if (entry === undefined) {
        throw new RpcRefusal(RPC_CODES.refused, 'filter not found', {
          code: 'RPC_FILTER_UNKNOWN',
          remedy: 'make a new one: filters end when they are not polled, and when the node restarts',
        });
      }
      entry.polledMs = now();
      return entry.filter;
    },
    remove,
    count: () => entries.size,
    stop: () => {
      entries.clear();
      stopPending?.();
    },
  };
}

/** Heights that a filter has not told of yet, as many as one poll may read. Undefined: none. */
export function unreadRange(
  filter: { readonly nextHeight: Height; readonly range?: OpenRange },
  head: Height,
  spanMax: number,
): LogRange | undefined {
  const to = Math.min(head, filter.range?.toHeight ?? head, filter.nextHeight + spanMax - 1);
  return to < filter.nextHeight ? undefined : { fromHeight: filter.nextHeight, toHeight: toHeight(to) };
}

import { assert, toHeight } from '@hansa/primitives';
import type { LogFacts } from '../backend.ts';
import { toLogJson } from '../block-json.ts';
import { heightOfTag } from '../block-reference.ts';
import { invalidParams, notSupported, RPC_CODES, RpcRefusal, refused } from '../errors.ts';
import { type Filter, type OpenRange, unreadRange } from '../filter-store.ts';
import { logPatternOf } from '../log-filter.ts';
import { type MethodCall, type MethodTable, quick, slow } from '../method.ts';
import { booleanOf, isAbsent, objectOf, shown } from '../params.ts';
import type { SocketSubscriptions, SubscriptionKind } from '../subscriptions.ts';
import { prefixed } from '../values.ts';
import { findLogs, readLogs, TOO_MANY_LOGS } from './read-logs.ts';

const ID_SIZE_MAX = 66;
/** Hashes that one poll of a filter of blocks tells; more come with the next. */
const BLOCK_HASH_COUNT_MAX = 2_000;
/** Characters of a log as JSON without its data. */
const LOG_TEXT_SIZE_MAX = 800;

function idOf(value: unknown): string {
  if (typeof value !== 'string' || value.length > ID_SIZE_MAX) {
    throw invalidParams(`id must be what the node answered when it was made${shown(value)}`);
  }
  return value;
}

/** A filter may begin or end above the head, unlike a query. */
function openRangeOf(value: unknown, { backend }: MethodCall): OpenRange {
  const { fromBlock, toBlock, blockHash } = isAbsent(value)
    ? ({} as Record<string, unknown>)
    : objectOf(value, 'filter');
  if (!isAbsent(blockHash)) throw invalidParams('a filter has no blockHash: ask eth_getLogs for the logs of one block');
  const isOpen =
    isAbsent(toBlock) || (typeof toBlock === 'string' && !toBlock.startsWith('0x') && toBlock !== 'earliest');
  const head = backend.head().height;
  const from = heightOfTag(fromBlock, backend, 'filter.fromBlock') ?? toHeight(Number(fromBlock));
  const to = isOpen ? undefined : (heightOfTag(toBlock, backend, 'filter.toBlock') ?? toHeight(Number(toBlock)));
  if (to !== undefined && from > to)
    throw invalidParams(`invalid block range: fromBlock ${from} is above toBlock ${to}`);
  return { fromHeight: isAbsent(fromBlock) ? head : from, toHeight: to };
}

/** What came since the last poll. A filter of logs moves on only when its answer is certain. */
async function changes(call: MethodCall, id: unknown): Promise<unknown> {
  const { backend, filters } = call;
  const filter = filters.get(idOf(id));
  switch (filter.type) {
    case 'pending': {
      const hashes = filter.hashes;
      filter.hashes = [];
      return hashes.map(prefixed);
    }
    case 'blocks': {
      const range = unreadRange(filter, backend.head().height, BLOCK_HASH_COUNT_MAX);
      if (range === undefined) return [];
      const hashes: string[] = [];
      for (let height: number = range.fromHeight; height <= range.toHeight; height++) {
        const hash = backend.hashAt(toHeight(height));
        assert(hash !== undefined, `block ${height} below the head has a hash`);
        hashes.push(prefixed(hash));
      }
      filter.nextHeight = toHeight(range.toHeight + 1);
      return hashes;
    }
    case 'logs': {
      const logs = filter.turn.then(() => newLogs(call, filter));
      filter.turn = logs.catch(() => undefined);
      return (await logs).map(toLogJson);
    }
  }
}

/**
 * As many blocks as fit into one answer, so that a filter that was not polled for long does not stand still; the rest
 * comes with the next poll. Moves on only when somebody is there to read the answer.
 */
async function newLogs(call: MethodCall, filter: Extract<Filter, { type: 'logs' }>): Promise<readonly LogFacts[]> {
  const { backend, limits, signal } = call;
  for (let spanMax = limits.logRangeMax; ; spanMax = Math.ceil(spanMax / 2)) {
    signal.throwIfAborted();
    const range = unreadRange(filter, backend.head().height, spanMax);
    if (range === undefined) return [];
    const isOne = range.fromHeight === range.toHeight;
    const found = await findLogs(call, filter.pattern, range);
    if (!found.ok) {
      if (found.error.code === TOO_MANY_LOGS && !isOne) continue;
      throw refused(found.error);
    }
    if (!isOne && textSize(found.value) > limits.responseSizeMax / 2) continue;
    signal.throwIfAborted();
    filter.nextHeight = toHeight(range.toHeight + 1);
    return found.value;
  }
}

const textSize = (logs: readonly LogFacts[]): number =>
  logs.reduce((sum, { data }) => sum + LOG_TEXT_SIZE_MAX + 2 * data.length, 0);

async function filterLogs(call: MethodCall, id: unknown): Promise<unknown> {
  const filter: Filter = call.filters.get(idOf(id));
  if (filter.type !== 'logs') throw new RpcRefusal(RPC_CODES.refused, 'filter not found: it is no filter of logs');
  const { fromHeight, toHeight: to } = filter.range;
  const head = call.backend.head().height;
  const last = to === undefined || to > head ? head : to;
  if (fromHeight > last) return [];
  return (await readLogs(call, filter.pattern, { fromHeight, toHeight: last })).map(toLogJson);
}

function subscriptionsOf({ connection }: MethodCall): SocketSubscriptions {
  if (connection.subscriptions !== undefined) return connection.subscriptions;
  throw notSupported('notifications not supported over HTTP', 'connect by WebSocket to the same address');
}

function subscriptionKindOf(kind: unknown, options: unknown): SubscriptionKind {
  switch (kind) {
    case 'newHeads':
      return { type: 'newHeads' };
    case 'logs':
      return { type: 'logs', pattern: logPatternOf(options) };
    case 'newPendingTransactions':
      return { type: 'newPendingTransactions', withBody: isAbsent(options) ? false : booleanOf(options, 'full') };
    default:
      throw invalidParams(`kind must be newHeads, logs or newPendingTransactions${shown(kind)}`);
  }
}

export const FILTER_METHODS: MethodTable = {
  eth_newFilter: quick(([filter], call) => call.filters.addLogs(logPatternOf(filter), openRangeOf(filter, call))),
  eth_newBlockFilter: quick((_, { filters }) => filters.addBlocks()),
  eth_newPendingTransactionFilter: quick((_, { filters }) => filters.addPending()),
  eth_getFilterChanges: slow(([id], call) => changes(call, id)),
  eth_getFilterLogs: slow(([id], call) => filterLogs(call, id)),
  eth_uninstallFilter: quick(([id], { filters }) => filters.remove(idOf(id))),
  eth_subscribe: quick(([kind, options], call) => subscriptionsOf(call).add(subscriptionKindOf(kind, options))),
  eth_unsubscribe: quick(([id], call) => subscriptionsOf(call).remove(idOf(id))),
};

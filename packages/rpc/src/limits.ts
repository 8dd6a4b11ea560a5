import { assert } from '@hansa/primitives';

const MIB = 1024 * 1024;

/** Every maximum of the server; over one of them a client gets an error that names it. */
export type RpcLimits = {
  /** Bytes of a request. */
  readonly bodySizeMax: number;
  /** Bytes of a WebSocket message; bodySizeMax holds for it, too. */
  readonly socketMessageSizeMax: number;
  /** Bytes of all requests that are being read or answered. */
  readonly requestsSizeMax: number;
  /** Calls of one batch. */
  readonly batchCountMax: number;
  /** Characters of an answer; a batch's calls count together. */
  readonly responseSizeMax: number;
  /** Characters of all answers over HTTP that clients have not yet taken. */
  readonly unsentSizeMax: number;
  readonly connectionCountMax: number;
  /** HTTP requests and WebSocket messages of one connection that are not answered yet. */
  readonly pendingPerConnectionMax: number;
  /** Slow calls (execution, logs, traces) that run at a time: of one connection, and of all. */
  readonly slowPerConnectionMax: number;
  readonly slowCountMax: number;
  /** Slow calls that wait for their turn, of all connections. */
  readonly slowQueueMax: number;
  /** A slow call that takes longer is stopped. */
  readonly callTimeoutMs: number;
  readonly headersTimeoutMs: number;
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** A connection over which nothing moves for so long is closed: nobody reads the answer. */
  readonly idleTimeoutMs: number;
  readonly socketCountMax: number;
  readonly socketsPerAddressMax: number;
  readonly subscriptionsPerSocketMax: number;
  /** Subscriptions of all WebSockets. */
  readonly subscriptionCountMax: number;
  /** Bytes that a WebSocket may have unsent before it is closed as too slow. */
  readonly socketBufferSizeMax: number;
  /** A WebSocket that does not answer a ping for so long is closed. */
  readonly pingIntervalMs: number;
  /** Heights that one `eth_getLogs` may span when it names no block hash. */
  readonly logRangeMax: number;
  readonly logCountMax: number;
  readonly filterCountMax: number;
  /** A filter that is not polled for so long is removed. */
  readonly filterIdleMs: number;
  /** Hashes kept for one filter of pending transactions; later ones are lost to it. */
  readonly filterPendingMax: number;
  readonly feeHistoryCountMax: number;
  /** Waiting time of `eth_sendRawTransactionSync` when the caller names none, and the most that it may name. */
  readonly syncWaitMs: number;
  readonly syncWaitMsMax: number;
  readonly syncWaiterCountMax: number;
  /** How long `eth_sendRawTransactionSync` waits for the transactions that are missing before the one it got. */
  readonly nonceGapWaitMs: number;
  /** How long `eth_getTransactionReceipt` waits for a transaction that is about to be committed. */
  readonly receiptWaitMs: number;
};

export const DEFAULT_RPC_LIMITS: RpcLimits = {
  bodySizeMax: 5 * MIB,
  socketMessageSizeMax: MIB,
  requestsSizeMax: 128 * MIB,
  batchCountMax: 1_000,
  responseSizeMax: 32 * MIB,
  unsentSizeMax: 128 * MIB,
  connectionCountMax: 2_000,
  pendingPerConnectionMax: 128,
  slowPerConnectionMax: 8,
  slowCountMax: 32,
  slowQueueMax: 2_000,
  callTimeoutMs: 10_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  idleTimeoutMs: 120_000,
  socketCountMax: 1_000,
  socketsPerAddressMax: 200,
  subscriptionsPerSocketMax: 64,
  subscriptionCountMax: 10_000,
  socketBufferSizeMax: 4 * MIB,
  pingIntervalMs: 30_000,
  logRangeMax: 10_000,
  logCountMax: 10_000,
  filterCountMax: 1_000,
  filterIdleMs: 300_000,
  filterPendingMax: 10_000,
  feeHistoryCountMax: 1_024,
  syncWaitMs: 10_000,
  syncWaitMsMax: 60_000,
  syncWaiterCountMax: 10_000,
  nonceGapWaitMs: 2_000,
  receiptWaitMs: 300,
};

/** @throws InvariantError when limits contradict each other */
export function toRpcLimits(limits: Partial<RpcLimits> = {}): RpcLimits {
  const all = { ...DEFAULT_RPC_LIMITS, ...limits };
  for (const [name, value] of Object.entries(all)) {
    assert(Number.isSafeInteger(value) && value > 0, `limit ${name} must be a whole number above 0, got ${value}`);
  }
  assert(all.headersTimeoutMs <= all.requestTimeoutMs, 'headersTimeoutMs must not be above requestTimeoutMs');
  assert(all.slowPerConnectionMax <= all.slowCountMax, 'slowPerConnectionMax must not be above slowCountMax');
  assert(all.idleTimeoutMs > all.syncWaitMsMax, 'idleTimeoutMs must be above syncWaitMsMax');
  assert(all.idleTimeoutMs > all.callTimeoutMs, 'idleTimeoutMs must be above callTimeoutMs');
  assert(all.requestsSizeMax >= all.bodySizeMax, 'requestsSizeMax must not be below bodySizeMax');
  assert(all.unsentSizeMax >= all.responseSizeMax, 'unsentSizeMax must not be below responseSizeMax');
  assert(all.syncWaitMs <= all.syncWaitMsMax, 'syncWaitMs must not be above syncWaitMsMax');
  return all;
}

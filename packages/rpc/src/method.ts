import type { RpcBackend } from './backend.ts';
import type { BlockCache } from './block-cache.ts';
import type { ChainHub } from './chain-hub.ts';
import type { FilterStore } from './filter-store.ts';
import type { Gate } from './gate.ts';
import type { RpcLimits } from './limits.ts';
import type { Pacer } from './pacer.ts';
import type { SocketSubscriptions } from './subscriptions.ts';

/** What all methods work with. */
export type RpcServices = {
  readonly backend: RpcBackend;
  readonly limits: RpcLimits;
  readonly blocks: BlockCache;
  readonly hub: ChainHub;
  readonly filters: FilterStore;
  readonly pacer: Pacer;
};

/** One TCP connection of a client. */
export type RpcConnection = {
  /** Aborted when it closes. */
  readonly signal: AbortSignal;
  readonly gate: Gate;
  /** Of a WebSocket. */
  readonly subscriptions: SocketSubscriptions | undefined;
};

export type MethodCall = RpcServices & {
  readonly connection: RpcConnection;
  /** Aborted when the client is gone or a slow call takes too long. */
  readonly signal: AbortSignal;
};

export type RpcMethod = {
  /** The number of `params` is checked; null stands for one that is left out. Throws or returns RpcRefusal. */
  handle(params: readonly unknown[], call: MethodCall): unknown;
  /** Takes its turn among slow calls, and is stopped after callTimeoutMs. */
  readonly isSlow?: true;
};

export type MethodTable = Readonly<Record<string, RpcMethod>>;

/** Most methods: quick, and nothing else to say. */
export const quick = (handle: RpcMethod['handle']): RpcMethod => ({ handle });
export const slow = (handle: RpcMethod['handle']): RpcMethod => ({ handle, isSlow: true });

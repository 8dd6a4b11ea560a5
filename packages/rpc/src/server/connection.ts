import { setMaxListeners } from 'node:events';
import { createGate } from '../gate.ts';
import type { RpcLimits } from '../limits.ts';
import type { RpcConnection } from '../method.ts';
import type { SocketSubscriptions } from '../subscriptions.ts';

/** @param signal aborted when the client's TCP connection closes */
export function createConnection(
  limits: RpcLimits,
  signal: AbortSignal,
  subscriptions: SocketSubscriptions | undefined,
): RpcConnection {
  // One listener per call that waits, which the limits bound: many are no leak.
  setMaxListeners(0, signal);
  const gate = createGate({ runningMax: limits.slowPerConnectionMax, waitingMax: limits.slowQueueMax });
  return { signal, gate, subscriptions };
}

import type { Failure, HashHex, Result } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import { toTransactionJson } from '../block-json.ts';
import { failureData, invalidParams, limitExceeded, RPC_CODES, RpcRefusal, refused, syncTimeout } from '../errors.ts';
import { type MethodCall, type MethodTable, quick, slow } from '../method.ts';
import { addressOf, bytesOf, integerOf, isAbsent } from '../params.ts';
import { prefixed, quantity } from '../values.ts';
import { serveReceipt } from './chain.ts';

/** The way of every transaction: returns refusals, since throwing costs more. */
const send = (raw: unknown, { backend }: MethodCall): Promise<unknown> =>
  backend.submit(bytesOf(raw, 'transaction')).then(answerOf);

const answerOf = (result: Result<HashHex, Failure>): unknown =>
  result.ok ? prefixed(result.value) : refused(result.error);

/**
 * EIP-7966. A gap before the nonce is given a moment to close before it is an error: what is missing may have gone to
 * another node and be on its way here, or this node may be a few blocks behind.
 */
async function sendSync(call: MethodCall, [raw, timeout]: readonly unknown[]): Promise<unknown> {
  const { backend, hub, limits, connection } = call;
  const waitMs = isAbsent(timeout) ? limits.syncWaitMs : integerOf(timeout, 'timeoutMs');
  if (waitMs < 1 || waitMs > limits.syncWaitMsMax) {
    throw invalidParams(`timeoutMs must be between 1 and ${limits.syncWaitMsMax}, got ${waitMs}`);
  }
  if (hub.waiterCount() >= limits.syncWaiterCountMax) {
    throw limitExceeded(
      `${limits.syncWaiterCountMax} callers wait for their transactions already`,
      'use eth_sendRawTransaction and ask for the receipt',
    );
  }
  const submitted = await backend.submit(bytesOf(raw, 'transaction'));
  if (!submitted.ok) return refused(submitted.error);
  const hash = submitted.value;
  const receipt = serveReceipt(call, prefixed(hash));
  if (receipt !== null) return receipt;
  const queued = queuedError(call, hash);
  const isGap = queued?.code === RPC_CODES.syncNonceGap;
  if (queued !== undefined && !isGap) return queued;
  const gapWaitMs = isGap ? Math.min(waitMs, limits.nonceGapWaitMs) : 0;
  if (isGap) {
    if (await hub.waitForCommit(hash, gapWaitMs, connection.signal)) return serveReceipt(call, prefixed(hash));
    const stillQueued = queuedError(call, hash);
    if (stillQueued !== undefined) return stillQueued;
  }
  if (await hub.waitForCommit(hash, waitMs - gapWaitMs, connection.signal)) return serveReceipt(call, prefixed(hash));
  return endedError(call, hash) ?? syncTimeout(hash, waitMs);
}

/** What cannot be executed before something else happens. */
function queuedError({ backend }: MethodCall, hash: HashHex): RpcRefusal | undefined {
  const status = backend.transactionStatus(hash);
  if (status.type !== 'pending' || status.reason === undefined) return undefined;
  const found = backend.transaction(hash)?.transaction;
  const expected = found === undefined ? undefined : backend.pendingNonce(found.sender);
  if (found !== undefined && expected !== undefined && found.nonce > expected) {
    return new RpcRefusal(RPC_CODES.syncNonceGap, status.reason, quantity(expected));
  }
  return new RpcRefusal(RPC_CODES.syncQueued, status.reason, prefixed(hash));
}

function endedError({ backend }: MethodCall, hash: HashHex): RpcRefusal | undefined {
  const status = backend.transactionStatus(hash);
  switch (status.type) {
    case 'left out':
    case 'expired':
    case 'dropped here': {
      const data = failureData({
        code: `TRANSACTION_${status.type.toUpperCase().replace(' ', '_')}`,
        message: '',
        remedy: status.remedy,
      });
      return new RpcRefusal(RPC_CODES.syncQueued, status.reason, { ...data, hash: prefixed(hash) });
    }
    case 'replaced':
      return new RpcRefusal(RPC_CODES.syncQueued, `replaced by 0x${status.by}`, prefixed(hash));
    default:
      return undefined;
  }
}

type BySender = Record<string, Record<string, unknown>>;

function bySender(transactions: readonly SignedTransaction[]): BySender {
  const senders: BySender = {};
  for (const transaction of transactions) {
    const sender = prefixed(transaction.sender);
    senders[sender] ??= {};
    senders[sender][transaction.nonce.toString()] = toTransactionJson(transaction, undefined);
  }
  return senders;
}

function contentFrom({ backend }: MethodCall, account: unknown): unknown {
  const address = addressOf(account, 'address');
  const { pending, queued } = backend.poolContent(address);
  const byNonce = (list: readonly SignedTransaction[]): unknown => bySender(list)[prefixed(address)] ?? {};
  return { pending: byNonce(pending), queued: byNonce(queued) };
}

export const SENDING_METHODS: MethodTable = {
  eth_sendRawTransaction: quick(([raw], call) => send(raw, call)),
  eth_sendRawTransactionSync: quick((params, call) => sendSync(call, params)),
  txpool_status: quick((_, { backend }) => {
    const { pending, queued, ordered } = backend.poolCounts();
    // What is ordered is still pending to a client of Ethereum.
    return { pending: quantity(pending + ordered), queued: quantity(queued) };
  }),
  txpool_content: slow((_, { backend }) => {
    const { pending, queued } = backend.poolContent(undefined);
    return { pending: bySender(pending), queued: bySender(queued) };
  }),
  txpool_contentFrom: slow(([address], call) => contentFrom(call, address)),
};

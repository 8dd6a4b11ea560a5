import type { NodeId } from '@hansa/primitives';
import type { Connection } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { PeerReason } from './errors.ts';
import type { NetworkLimits } from './limits.ts';
import type { PeerRecord } from './peer-book.ts';
import type { Mismatch } from './preamble.ts';

export type DialerOptions = {
  readonly nodeId: NodeId;
  readonly limits: NetworkLimits;
  readonly now: () => number;
  readonly dial: (addresses: readonly Multiaddr[], signal: AbortSignal) => Promise<Connection>;
  readonly onFailed: (record: PeerRecord, failure: Mismatch) => void;
};

/** Refusals that only a change of configuration heals: no hurry. */
const CONFIGURATION: ReadonlySet<PeerReason> = new Set([
  'otherVersion',
  'otherChain',
  'otherGenesis',
  'garbage',
  'sameKey',
]);

/**
 * Own reconnect loop, one timer per peer that is not connected, with capped back-off and jitter. libp2p's gives up after
 * five attempts. The node with the lower id dials first; the other waits a moment, so that two connections are rare.
 */
export class Dialer {
  readonly #options: DialerOptions;
  readonly #abort = new AbortController();
  /** Why the dial under way was refused, in words: libp2p's errors have lost it. */
  readonly #refusals = new Map<string, Mismatch>();

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  /** The security layer knows why a dial ends. */
  explain(peerId: string, refusal: Mismatch): void {
    this.#refusals.set(peerId, refusal);
  }

  /** Plans the next dial, if one is needed and none is planned. */
  schedule(record: PeerRecord, options: { readonly fresh?: boolean } = {}): void {
    if (options.fresh === true) {
      this.cancel(record);
      record.failureCount = 0;
    }
    if (!this.#isNeeded(record) || record.dialTimer !== undefined) return;
    record.dialTimer = setTimeout(() => {
      record.dialTimer = undefined;
      void this.#dial(record);
    }, this.#delayMs(record));
  }

  cancel(record: PeerRecord): void {
    clearTimeout(record.dialTimer);
    record.dialTimer = undefined;
  }

  stop(): void {
    this.#abort.abort();
  }

  #isNeeded(record: PeerRecord): boolean {
    return (
      !this.#abort.signal.aborted &&
      record.addresses.length > 0 &&
      record.link === undefined &&
      record.candidates.size === 0 &&
      !record.isDialing
    );
  }

  #delayMs(record: PeerRecord): number {
    const { limits, nodeId, now } = this.#options;
    const grace = nodeId < record.nodeId ? 0 : limits.dialGraceMs;
    const ban = Math.max(0, record.bannedUntilMs - now());
    if (record.failureCount === 0) return Math.max(ban, grace + Math.random() * 0.2 * limits.redialMs);
    const isConfiguration = record.lastError !== undefined && CONFIGURATION.has(record.lastError.reason);
    const doubled = Math.min(limits.redialMsMax, limits.redialMs * 2 ** Math.min(20, record.failureCount - 1));
    const pause = isConfiguration ? Math.max(doubled, limits.refusedMs) : doubled;
    return Math.max(ban, pause * (0.75 + 0.5 * Math.random()));
  }

  async #dial(record: PeerRecord): Promise<void> {
    if (!this.#isNeeded(record)) return;
    record.isDialing = true;
    this.#refusals.delete(record.peerIdText);
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(this.#options.limits.dialTimeoutMs)]);
    try {
      await this.#options.dial(record.addresses, signal);
      record.isDialing = false;
      // The connection became a candidate when it opened, unless it has ended already.
      if (record.link === undefined && record.candidates.size === 0) this.#onFailed(record, BROKE_OFF);
    } catch (error) {
      record.isDialing = false;
      if (this.#abort.signal.aborted) return;
      this.#onFailed(record, this.#refusals.get(record.peerIdText) ?? classifyDialError(error));
    } finally {
      this.#refusals.delete(record.peerIdText);
    }
  }

  #onFailed(record: PeerRecord, failure: Mismatch): void {
    record.failureCount++;
    record.lastError = { ...failure, atMs: this.#options.now() };
    this.#options.onFailed(record, failure);
    this.schedule(record);
  }
}

const BROKE_OFF: Mismatch = { reason: 'closed', message: 'closed the connection as soon as it was open' };

/** libp2p's errors in words for people; by name, never by message. The message completes "peer at ADDRESS …". */
export function classifyDialError(error: unknown): Mismatch {
  const first = error instanceof AggregateError ? error.errors.at(-1) : error;
  const text = first instanceof Error ? first.message : String(first);
  const name = first instanceof Error ? first.name : '';
  if (name === 'EncryptionFailedError') {
    return {
      reason: 'encryptionFailed',
      message: `is of this chain by its first word, but not by its key or its encryption: another node answers there, or the line is tampered with (${text})`,
    };
  }
  if (name === 'TimeoutError' || name === 'AbortError') {
    return { reason: 'unreachable', message: 'did not answer in time' };
  }
  return { reason: 'unreachable', message: `cannot be reached: ${text}` };
}

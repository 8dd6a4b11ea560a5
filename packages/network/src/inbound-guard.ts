import type { MultiaddrConnection } from '@libp2p/interface';
import type { PeerReason } from './errors.ts';
import type { HostFilter } from './host-rules.ts';
import type { NetworkLimits } from './limits.ts';
import { TokenBucket } from './token-bucket.ts';

const HOST_COUNT_MAX = 4096;

type Host = { readonly bucket: TokenBucket; pendingCount: number };
type Pending = { readonly host: Host; readonly startedMs: number; reason: PeerReason | undefined; message: string };

export type InboundGuardOptions = {
  readonly limits: NetworkLimits;
  readonly hosts: HostFilter;
  readonly now: () => number;
  readonly connectionCount: () => number;
  /** An inbound connection ended before its peer was known and let in. */
  readonly onRefused: (address: string, reason: PeerReason, message: string) => void;
};

/**
 * Limits what costs before a key is proven: connections per second and half-open ones, per host and in all.
 * Follows each inbound connection until its peer is let in, so that each refusal is counted with its reason.
 * Bounded: `pendingCountMax` connections, 4096 hosts (the oldest idle one is forgotten).
 */
export class InboundGuard {
  readonly #options: InboundGuardOptions;
  readonly #hosts = new Map<string, Host>();
  readonly #pending = new Map<MultiaddrConnection, Pending>();

  constructor(options: InboundGuardOptions) {
    this.#options = options;
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** True refuses the connection before a byte of it is read. */
  refuses(connection: MultiaddrConnection): boolean {
    const { limits, hosts, now } = this.#options;
    if (!hosts.permits(hostNameOf(connection))) {
      this.#options.onRefused(
        addressOf(connection),
        'hostDenied',
        'has an address that p2p.allow or p2p.deny keeps out',
      );
      return true;
    }
    const host = this.#hostOf(connection);
    const tooMany =
      !host.bucket.take(1, now()) ||
      host.pendingCount >= limits.pendingCountPerHostMax ||
      this.#pending.size >= limits.pendingCountMax ||
      this.#options.connectionCount() >= limits.connectionCountMax;
    if (tooMany) {
      const message = 'opened a connection above the limits for connections that have not proven their key';
      this.#options.onRefused(addressOf(connection), 'tooManyConnections', message);
      return true;
    }
    const pending: Pending = { host, startedMs: now(), reason: undefined, message: '' };
    this.#pending.set(connection, pending);
    host.pendingCount++;
    connection.addEventListener('close', () => this.#onEnded(connection));
    return false;
  }

  /** Says why a connection is about to be refused; the first reason counts. */
  explain(connection: unknown, reason: PeerReason, message: string): void {
    const pending = this.#pending.get(connection as MultiaddrConnection);
    if (pending === undefined || pending.reason !== undefined) return;
    pending.reason = reason;
    pending.message = message;
  }

  /** The peer behind the connection is known and let in. */
  onLetIn(connection: MultiaddrConnection): void {
    const pending = this.#pending.get(connection);
    if (pending === undefined) return;
    this.#pending.delete(connection);
    pending.host.pendingCount--;
  }

  #onEnded(connection: MultiaddrConnection): void {
    const pending = this.#pending.get(connection);
    if (pending === undefined) return;
    this.onLetIn(connection);
    const { reason, message } = pending.reason === undefined ? this.#guess(pending) : pending;
    this.#options.onRefused(addressOf(connection), reason as PeerReason, message);
  }

  #guess(pending: Pending): { reason: PeerReason; message: string } {
    const ageMs = this.#options.now() - pending.startedMs;
    // Timers of different clocks: the abort may come some milliseconds before our own count says so.
    if (ageMs >= 0.9 * this.#options.limits.upgradeTimeoutMs) {
      return { reason: 'handshakeTimeout', message: `did not finish its handshake in ${Math.round(ageMs)} ms` };
    }
    return { reason: 'encryptionFailed', message: 'broke off during the encrypted handshake' };
  }

  #hostOf(connection: MultiaddrConnection): Host {
    const name = hostNameOf(connection);
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;
    if (this.#hosts.size >= HOST_COUNT_MAX) this.#forgetIdleHost();
    const rate = this.#options.limits.inboundPerSecondMax;
    const host: Host = {
      bucket: new TokenBucket({ perSecond: rate, burst: rate }, this.#options.now()),
      pendingCount: 0,
    };
    this.#hosts.set(name, host);
    return host;
  }

  /** At most `pendingCountMax` hosts are busy, so the search is short. */
  #forgetIdleHost(): void {
    for (const [name, host] of this.#hosts) {
      if (host.pendingCount > 0) continue;
      this.#hosts.delete(name);
      return;
    }
  }
}

const hostNameOf = (connection: MultiaddrConnection): string => connection.remoteAddr.getComponents()[0]?.value ?? '';

export function addressOf(connection: MultiaddrConnection): string {
  return connection.remoteAddr.toString();
}

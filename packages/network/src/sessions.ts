import type { NodeId } from '@hansa/primitives';
import type { Connection } from '@libp2p/interface';
import { readableAddress } from './addresses.ts';
import type { StatusFrame } from './control-frames.ts';
import type { Counters } from './counters.ts';
import type { Dialer } from './dialer.ts';
import type { NetworkLimits } from './limits.ts';
import { Link, type LinkContext } from './link.ts';
import type { LogLimiter } from './log-limiter.ts';
import { noteInstance, type PeerBook, type PeerRecord } from './peer-book.ts';
import type { Mismatch } from './preamble.ts';
import type { NetworkLogger } from './types.ts';

export type SessionsDependencies = {
  readonly nodeId: NodeId;
  readonly limits: NetworkLimits;
  readonly book: PeerBook;
  readonly dialer: Dialer;
  readonly counters: Counters;
  readonly logger: NetworkLogger;
  /** For lines that a peer can cause at will. */
  readonly limited: LogLimiter;
  readonly monotonic: () => number;
  readonly link: Pick<LinkContext, 'name' | 'now' | 'ownStatus' | 'handlerOf' | 'onStatus'>;
  readonly onUp: (link: Link) => void;
  readonly onDown: (nodeId: NodeId, cause: Mismatch) => void;
};

const TWIN: Mismatch = { reason: 'sameKey', message: 'another process is connected with the key of this node' };
const GONE: Mismatch = { reason: 'notAdmitted', message: 'this node was taken off the registry' };

/** All connections: which of them is the link to its peer, their heartbeat, and what their end means. */
export class Sessions {
  readonly #dependencies: SessionsDependencies;
  readonly #context: LinkContext;
  readonly #links = new Map<string, Link>();
  #heartbeat: NodeJS.Timeout | undefined;
  #heartbeatDueMs = 0;
  #isStopped = false;

  constructor(dependencies: SessionsDependencies) {
    this.#dependencies = dependencies;
    this.#context = {
      ...dependencies.link,
      nodeId: dependencies.nodeId,
      limits: dependencies.limits,
      counters: dependencies.counters,
      monotonic: dependencies.monotonic,
      onOffered: (link, status) => this.#onOffered(link, status),
      onAccepted: (link) => this.#adopt(link),
      onUp: (link) => this.#onUp(link),
      onClosed: (link, cause, end) => this.#onClosed(link, cause, end),
    };
  }

  /** Connections, with those whose handshake is under way. */
  get count(): number {
    return this.#links.size;
  }

  all(): readonly Link[] {
    return [...this.#links.values()];
  }

  ofConnection(id: string): Link | undefined {
    return this.#links.get(id);
  }

  start(): void {
    const { heartbeatMs } = this.#dependencies.limits;
    this.#heartbeatDueMs = this.#dependencies.monotonic() + heartbeatMs;
    this.#heartbeat = setInterval(() => this.#onHeartbeat(), heartbeatMs);
  }

  /** Says goodbye on every connection; they reset a moment later. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#heartbeat);
    for (const link of this.all()) link.close({ reason: 'stopping', message: 'this node stops' });
  }

  /** A connection is open and its peer admitted: it becomes a candidate. */
  onConnection(connection: Connection): void {
    const record = this.#dependencies.book.ofPeer(connection.remotePeer);
    if (record === undefined || this.#isStopped) {
      connection.abort(new Error('not admitted'));
      return;
    }
    const link = new Link(connection, record.nodeId, this.#context);
    this.#links.set(connection.id, link);
    record.candidates.add(link);
    this.#dependencies.dialer.cancel(record);
    if (link.isOpener) void link.open();
  }

  /** Cuts a node that has left the registry, at once. */
  expel(record: PeerRecord): void {
    this.#dependencies.dialer.cancel(record);
    for (const link of this.all()) if (link.nodeId === record.nodeId) link.close(GONE);
  }

  penalise(record: PeerRecord, message: string): void {
    this.#ban(record);
    record.link?.close({ reason: 'protocolViolation', message });
  }

  /** NET-14, the opener's decision: one connection to each peer, and that of the newest process. */
  #onOffered(link: Link, status: StatusFrame): Mismatch | undefined {
    const current = this.#dependencies.book.get(link.nodeId)?.link;
    const isSameProcess = current?.status?.instance === status.instance;
    // One that has been silent for two heartbeats may be dead without our knowing: the peer dials for a reason.
    if (isSameProcess && current.silentMs < 2 * this.#dependencies.limits.heartbeatMs) {
      return { reason: 'duplicate', message: 'there is a connection already' };
    }
    this.#adopt(link);
    return undefined;
  }

  #adopt(link: Link): void {
    const record = this.#dependencies.book.get(link.nodeId);
    if (record === undefined) return;
    const current = record.link;
    record.candidates.delete(link);
    record.link = link;
    const instance = link.status?.instance ?? '';
    current?.close(
      current.status?.instance === instance
        ? { reason: 'duplicate', message: 'the peer made a new connection' }
        : { reason: 'restarted', message: 'the peer came back as a new process' },
    );
    if (noteInstance(record, instance)) {
      const fields = { nodeId: record.nodeId, address: readableAddress(link.connection.remoteAddr) };
      this.#dependencies.limited.warn('twins', 'two processes use the key of one node, and take turns', fields);
    }
  }

  #onUp(link: Link): void {
    const record = this.#dependencies.book.get(link.nodeId);
    if (record !== undefined) {
      record.failureCount = 0;
      record.lastError = undefined;
      record.sinceMs = this.#dependencies.monotonic();
    }
    const { direction, remoteAddr } = link.connection;
    this.#dependencies.counters.count('connected', direction);
    this.#dependencies.logger.info('peer connected', {
      nodeId: link.nodeId,
      address: readableAddress(remoteAddr),
      direction,
      height: link.status?.height,
      agent: link.status?.agent,
    });
    this.#dependencies.onUp(link);
  }

  #onClosed(link: Link, cause: Mismatch, end: { readonly wasUp: boolean; readonly byPeer: boolean }): void {
    this.#links.delete(link.connection.id);
    const record = this.#dependencies.book.get(link.nodeId);
    if (record !== undefined) this.#detach(record, link, cause, end);
    if (end.wasUp) {
      this.#dependencies.counters.count('closed', cause.reason);
      this.#dependencies.logger.info('peer disconnected', { nodeId: link.nodeId, ...cause });
      this.#dependencies.onDown(link.nodeId, cause);
    } else if (cause.reason !== 'duplicate' && cause.reason !== 'stopping') {
      this.#onHandshakeFailed(link, cause);
    }
  }

  #onHandshakeFailed(link: Link, cause: Mismatch): void {
    const { direction, remoteAddr } = link.connection;
    this.#dependencies.counters.count(direction === 'inbound' ? 'refused' : 'dialFailed', cause.reason);
    const fields = { nodeId: link.nodeId, address: readableAddress(remoteAddr), reason: cause.reason };
    this.#dependencies.limited.warn(cause.reason, `status handshake failed: the peer ${cause.message}`, fields);
  }

  #detach(
    record: PeerRecord,
    link: Link,
    cause: Mismatch,
    end: { readonly wasUp: boolean; readonly byPeer: boolean },
  ): void {
    record.bytesSent += link.bytesSent;
    record.bytesReceived += link.bytesReceived;
    record.candidates.delete(link);
    if (!end.byPeer && (cause.reason === 'protocolViolation' || cause.reason === 'rateLimit')) this.#ban(record);
    if (record.link === link) record.link = undefined;
    else if (record.link !== undefined) return;
    if (end.wasUp) record.sinceMs = this.#dependencies.monotonic();
    const isTwin = end.byPeer && cause.reason === 'restarted';
    if (isTwin) this.#onTwin(link);
    // Whom the peer cut off for a fault does not come back at once.
    const isFault = end.byPeer && (cause.reason === 'protocolViolation' || cause.reason === 'rateLimit');
    if (!end.wasUp || isTwin || isFault) record.failureCount++;
    record.lastError = { ...(isTwin ? TWIN : cause), atMs: this.#dependencies.monotonic() };
    this.#dependencies.dialer.schedule(record);
  }

  /** The peer took another process for a restart of this one. */
  #onTwin(link: Link): void {
    const remedy = 'stop one of the two processes, or give one of them a key of its own';
    const { nodeId, logger } = this.#dependencies;
    logger.error(TWIN.message, { nodeId, toldBy: link.nodeId, remedy });
  }

  #ban(record: PeerRecord): void {
    record.bannedUntilMs = this.#dependencies.monotonic() + this.#dependencies.limits.banMs;
  }

  /** NET-15. */
  #onHeartbeat(): void {
    const { heartbeatMs, heartbeatTimeoutMs } = this.#dependencies.limits;
    const nowMs = this.#dependencies.monotonic();
    const lateMs = nowMs - this.#heartbeatDueMs;
    this.#heartbeatDueMs = nowMs + heartbeatMs;
    for (const link of this.all()) {
      if (lateMs > heartbeatMs) link.excuse(lateMs);
      if (!link.isUp) continue;
      if (link.silentMs <= heartbeatTimeoutMs) link.ping();
      else link.close({ reason: 'heartbeatTimeout', message: `nothing heard for ${Math.round(link.silentMs)} ms` });
    }
  }
}

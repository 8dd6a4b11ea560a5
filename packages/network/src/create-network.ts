import './polyfill.ts';
import { assert, type HashHex, type Height, type NodeId, ZERO_HASH } from '@hansa/primitives';
import type { Connection, MessageStream, MultiaddrConnection, Stream } from '@libp2p/interface';
import type { Libp2p } from 'libp2p';
import { isMultiaddress, peerIdOfAddress, readableAddress } from './addresses.ts';
import type { StatusFrame } from './control-frames.ts';
import { Counters } from './counters.ts';
import { Dialer } from './dialer.ts';
import { Door } from './door.ts';
import type { PeerReason } from './errors.ts';
import { createHost } from './host.ts';
import { HostFilter } from './host-rules.ts';
import { libp2pKeyOf, libp2pKeyOfSigner } from './identity.ts';
import { InboundGuard } from './inbound-guard.ts';
import { assertNetworkLimits, CHANNELS, type Channel, DEFAULT_NETWORK_LIMITS, type NetworkLimits } from './limits.ts';
import { type Link, PROTOCOL_OF_CHANNEL, STATUS_PROTOCOL } from './link.ts';
import { LogLimiter } from './log-limiter.ts';
import { describePeer, PeerBook, type PeerRecord } from './peer-book.ts';
import { type Mismatch, NETWORK_PROTOCOL_VERSION } from './preamble.ts';
import { Sessions } from './sessions.ts';
import { invalidAddress, settleWithin, startFailure } from './start-failure.ts';
import type {
  AdmissionSnapshot,
  FrameHandler,
  Network,
  NetworkDependencies,
  NetworkOptions,
  PeerDown,
  PeerStatus,
  PeerUp,
} from './types.ts';

/** NET-16: heads are told at once, but not more often than this: a chain can be faster than its news are useful. */
const HEAD_INTERVAL_MS = 50;
const INSTANCE = /^[0-9a-f]{32}$/;
const GROUP_ID = /^[\x21-\x7e]{1,32}$/;

/**
 * Creates the network of one node; nothing happens before `start`.
 * @throws InvariantError on options that no configuration may contain
 */
export function createNetwork(options: NetworkOptions, dependencies: NetworkDependencies): Network {
  return new HansaNetwork(options, dependencies);
}

class HansaNetwork implements Network {
  readonly nodeId: NodeId;
  readonly peerId: string;
  readonly #options: NetworkOptions;
  readonly #dependencies: NetworkDependencies;
  readonly #limits: NetworkLimits;
  readonly #identity: ReturnType<typeof libp2pKeyOf>;
  readonly #counters: Counters;
  readonly #strangers: LogLimiter;
  readonly #book: PeerBook;
  readonly #dialer: Dialer;
  readonly #hosts: HostFilter;
  readonly #guard: InboundGuard;
  readonly #sessions: Sessions;
  readonly #handlers = new Map<Channel, FrameHandler>();
  readonly #upListeners: ((event: PeerUp) => void)[] = [];
  readonly #downListeners: ((event: PeerDown) => void)[] = [];
  readonly #statusListeners: ((event: PeerUp) => void)[] = [];
  #host: Libp2p | undefined;
  #state: 'new' | 'starting' | 'running' | 'stopped' = 'new';
  #stopping: Promise<void> | undefined;
  #head: { height: Height; headHash: HashHex } = { height: 0 as Height, headHash: ZERO_HASH };
  #headTimer: NodeJS.Timeout | undefined;
  #headSentMs = Number.NEGATIVE_INFINITY;

  constructor(options: NetworkOptions, dependencies: NetworkDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#limits = { ...DEFAULT_NETWORK_LIMITS, ...options.limits };
    assertNetworkLimits(this.#limits);
    assert(INSTANCE.test(options.instance), 'the instance id must be 32 lower-case hex digits');
    assert(GROUP_ID.test(options.groupId), 'the group id must be 1 to 32 printable ASCII characters');
    assert(Number.isSafeInteger(options.chainId) && options.chainId > 0, 'the chain id must be a positive integer');
    this.#identity =
      options.privateKey instanceof Uint8Array
        ? libp2pKeyOf(options.privateKey)
        : libp2pKeyOfSigner(options.privateKey);
    this.nodeId = this.#identity.nodeId;
    this.peerId = this.#identity.peerId.toString();
    this.#counters = new Counters(dependencies.onCount);
    this.#strangers = new LogLimiter(dependencies.logger, monotonic);
    this.#book = new PeerBook({
      nodeId: this.nodeId,
      nodeCountMax: this.#limits.nodeCountMax,
      logger: dependencies.logger,
      now: monotonic,
    });
    this.#dialer = new Dialer({
      nodeId: this.nodeId,
      limits: this.#limits,
      now: monotonic,
      dial: (addresses, signal) => this.#running().dial([...addresses], { signal, force: true }),
      onFailed: (record, failure) => this.#onDialFailed(record, failure),
    });
    this.#hosts = new HostFilter(options.hosts ?? { allow: [], deny: [] });
    this.#guard = new InboundGuard({
      limits: this.#limits,
      hosts: this.#hosts,
      now: monotonic,
      connectionCount: () => this.#sessions.count,
      onRefused: (address, reason, message) => this.#onRefused(address, reason, message),
    });
    this.#sessions = this.#createSessions();
  }

  async start(): Promise<void> {
    assert(this.#state === 'new', `a network starts once, this one is ${this.#state}`);
    this.#state = 'starting';
    for (const address of this.#options.listen) {
      if (!isMultiaddress(address)) throw invalidAddress(address);
    }
    const host = await this.#createHost();
    await this.#registerProtocols(host);
    host.addEventListener('connection:open', (event) => this.#sessions.onConnection(event.detail));
    host.addEventListener('connection:close', (event) =>
      this.#sessions.ofConnection(event.detail.id)?.onConnectionClosed(),
    );
    try {
      await host.start();
    } catch (error) {
      this.#state = 'stopped';
      await settleWithin(() => host.stop(), this.#limits.stopTimeoutMs);
      throw startFailure(error, this.#options.listen);
    }
    if (this.#wasStopped()) {
      await settleWithin(() => host.stop(), this.#limits.stopTimeoutMs);
      return;
    }
    this.#host = host;
    this.#state = 'running';
    this.#sessions.start();
    for (const record of this.#book.all()) this.#dialer.schedule(record, { fresh: true });
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  listenAddresses(): readonly string[] {
    const addresses = this.#host?.getMultiaddrs() ?? [];
    return addresses.map((address) => address.toString().replace(/\/p2p\/[^/]+$/, ''));
  }

  setAdmission(snapshot: AdmissionSnapshot): void {
    const { removed, changed } = this.#book.replace(snapshot);
    for (const record of removed) this.#sessions.expel(record);
    if (this.#state !== 'running') return;
    // Only these, since snapshots come with every block: a peer that is down keeps its back-off.
    for (const record of changed) this.#dialer.schedule(record, { fresh: true });
  }

  setLocalStatus(status: { readonly height: Height; readonly headHash: HashHex }): void {
    this.#head = { height: status.height, headHash: status.headHash };
    if (this.#headTimer !== undefined || this.#state !== 'running') return;
    const wait = this.#headSentMs + HEAD_INTERVAL_MS - monotonic();
    if (wait <= 0) this.#sendHead();
    else this.#headTimer = setTimeout(() => this.#sendHead(), wait);
  }

  send(to: NodeId, channel: Channel, bytes: Uint8Array): boolean {
    return this.#book.get(to)?.link?.send(channel, bytes) ?? false;
  }

  broadcast(
    channel: Channel,
    bytes: Uint8Array,
    to: { readonly targets?: readonly NodeId[]; readonly except?: NodeId } = {},
  ): number {
    let count = 0;
    for (const nodeId of to.targets ?? this.connected()) {
      if (nodeId !== to.except && this.send(nodeId, channel, bytes)) count++;
    }
    return count;
  }

  onFrame(channel: Channel, handler: FrameHandler): void {
    assert(!this.#handlers.has(channel), `channel ${channel} has a handler already`);
    this.#handlers.set(channel, handler);
  }

  onPeerUp(listener: (event: PeerUp) => void): void {
    this.#upListeners.push(listener);
  }

  onPeerDown(listener: (event: PeerDown) => void): void {
    this.#downListeners.push(listener);
  }

  onPeerStatus(listener: (event: PeerUp) => void): void {
    this.#statusListeners.push(listener);
  }

  penalise(nodeId: NodeId, message: string): void {
    const record = this.#book.get(nodeId);
    if (record !== undefined) this.#sessions.penalise(record, message);
  }

  connected(): readonly NodeId[] {
    return this.#book
      .all()
      .filter((record) => record.link?.isUp === true)
      .map((record) => record.nodeId);
  }

  peers(): ReturnType<Network['peers']> {
    return this.#book.all().map((record) => {
      const info = describePeer(record);
      // Records keep a clock that cannot jump; people want the date.
      const shift = this.#now() - monotonic();
      const lastError = info.lastError && { ...info.lastError, atMs: Math.round(info.lastError.atMs + shift) };
      return { ...info, sinceMs: Math.round(info.sinceMs + shift), lastError };
    });
  }

  counters(): ReturnType<Network['counters']> {
    return this.#counters.snapshot();
  }

  #now(): number {
    return Math.round((this.#dependencies.now ?? Date.now)());
  }

  #wasStopped(): boolean {
    return this.#state === 'stopped';
  }

  #running(): Libp2p {
    assert(this.#host !== undefined, 'the network must be started first');
    return this.#host;
  }

  async #stop(): Promise<void> {
    const host = this.#host;
    this.#state = 'stopped';
    clearTimeout(this.#headTimer);
    this.#dialer.stop();
    for (const record of this.#book.all()) this.#dialer.cancel(record);
    const links = this.#sessions.all();
    this.#sessions.stop();
    if (host === undefined) return;
    if (links.length > 0) await new Promise((resolve) => setTimeout(resolve, GOODBYE_MS));
    for (const link of links) link.reset('this node stops');
    await settleWithin(() => host.stop(), this.#limits.stopTimeoutMs);
  }

  async #createHost(): Promise<Libp2p> {
    return await createHost({
      key: this.#identity.key,
      listen: this.#options.listen,
      limits: this.#limits,
      gater: {
        denyDialPeer: (peer) => this.#book.refusal(peer) !== undefined,
        denyDialMultiaddr: (address) => !this.#hosts.permits(address.getComponents()[0]?.value ?? ''),
        denyInboundConnection: (connection) => this.#state !== 'running' || this.#guard.refuses(connection),
        denyInboundEncryptedConnection: (peer) => this.#book.refusal(peer) !== undefined,
        denyOutboundEncryptedConnection: (peer) => this.#book.refusal(peer) !== undefined,
        denyInboundUpgradedConnection: (peer, connection) => this.#deniesUpgraded(peer, connection),
      },
      security: {
        name: this.#options,
        limits: this.#limits,
        refusal: (peer) => this.#book.refusal(peer),
        onRefusal: (connection, refusal) => this.#onRefusal(connection, refusal),
        door: this.#createDoor(),
      },
    });
  }

  #createDoor(): Door | undefined {
    const { door } = this.#dependencies;
    if (door === undefined) return undefined;
    return new Door({
      limits: this.#limits,
      now: monotonic,
      handler: door,
      onVisit: (connection) => this.#guard.onLetIn(connection),
      onRefusal: (connection, refusal) => this.#onRefusal(connection, refusal),
    });
  }

  /** The list may have changed while the handshake ran, so it is asked once more. */
  #deniesUpgraded(peer: Parameters<PeerBook['refusal']>[0], connection: MultiaddrConnection): boolean {
    if (this.#book.refusal(peer) !== undefined) return true;
    this.#guard.onLetIn(connection);
    return false;
  }

  async #registerProtocols(host: Libp2p): Promise<void> {
    const protocols = [STATUS_PROTOCOL, ...CHANNELS.map((channel) => PROTOCOL_OF_CHANNEL[channel])];
    for (const protocol of protocols) {
      const onStream = (stream: Stream, connection: Connection): void => {
        const link = this.#sessions.ofConnection(connection.id);
        if (link === undefined) stream.abort(new Error('no link'));
        else link.onStream(protocol, stream);
      };
      await host.handle(protocol, onStream, { maxInboundStreams: 2, maxOutboundStreams: 2 });
    }
  }

  #createSessions(): Sessions {
    return new Sessions({
      nodeId: this.nodeId,
      limits: this.#limits,
      book: this.#book,
      dialer: this.#dialer,
      counters: this.#counters,
      logger: this.#dependencies.logger,
      limited: this.#strangers,
      monotonic,
      link: {
        name: this.#options,
        now: () => this.#now(),
        ownStatus: () => this.#ownStatus(),
        handlerOf: (channel) => this.#handlers.get(channel),
        onStatus: (link) => emit(this.#statusListeners, peerUpOf(link)),
      },
      onUp: (link) => emit(this.#upListeners, peerUpOf(link)),
      onDown: (nodeId, cause) => emit(this.#downListeners, { nodeId, ...cause }),
    });
  }

  #ownStatus(): StatusFrame {
    const { chainId, groupId, genesisHash, instance, agent, announce } = this.#options;
    return {
      protocolVersion: NETWORK_PROTOCOL_VERSION,
      chainId,
      groupId,
      genesisHash,
      ...this.#head,
      nodeId: this.nodeId,
      instance,
      agent,
      timeMs: this.#now(),
      listenAddresses: announce ?? this.listenAddresses(),
    };
  }

  #sendHead(): void {
    this.#headTimer = undefined;
    this.#headSentMs = monotonic();
    for (const link of this.#sessions.all()) link.sendHead(this.#head.height, this.#head.headHash);
  }

  #onRefusal(connection: MessageStream, refusal: Mismatch): void {
    if (connection.direction === 'inbound') {
      this.#guard.explain(connection, refusal.reason, refusal.message);
      return;
    }
    const target = peerIdOfAddress((connection as MultiaddrConnection).remoteAddr);
    if (target !== undefined) this.#dialer.explain(target, refusal);
  }

  #onRefused(address: string, reason: PeerReason, message: string): void {
    if (this.#state !== 'running') return;
    this.#counters.count('refused', reason);
    this.#strangers.warn(reason, `connection refused: the peer ${message}`, { address, reason });
  }

  #onDialFailed(record: PeerRecord, failure: Mismatch): void {
    this.#counters.count('dialFailed', failure.reason);
    const address = record.addresses[0] === undefined ? '' : readableAddress(record.addresses[0]);
    const fields = { nodeId: record.nodeId, reason: failure.reason, attempt: record.failureCount };
    const message = `dial failed: the peer at ${address} ${failure.message}`;
    // A peer that is down is dialed every few seconds: said once, then at debug level.
    if (record.failureCount === 1) this.#dependencies.logger.warn(message, fields);
    else this.#dependencies.logger.debug(message, fields);
  }
}

const GOODBYE_MS = 50;

const monotonic = (): number => performance.now();

function emit<T>(listeners: readonly ((event: T) => void)[], event: T): void {
  for (const listener of listeners) listener(event);
}

function peerUpOf(link: Link): PeerUp {
  const status = link.status;
  assert(status !== undefined, 'a link that is up must have a status');
  const { height, headHash, agent, instance, listenAddresses } = status;
  const told: PeerStatus = { height, headHash, agent, instance, listenAddresses };
  return { nodeId: link.nodeId, status: told };
}

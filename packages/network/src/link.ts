import type { HashHex, Height, NodeId } from '@hansa/primitives';
import type { Connection, Stream } from '@libp2p/interface';
import { ClockEstimate } from './clock-estimate.ts';
import {
  CONTROL_FRAME_SIZE_MAX,
  type ControlFrame,
  decodeControlFrame,
  encodeControlFrame,
  type StatusFrame,
} from './control-frames.ts';
import type { Counters } from './counters.ts';
import { FramedStream } from './framed-stream.ts';
import { CHANNELS, type Channel, type NetworkLimits } from './limits.ts';
import { type Mismatch, NETWORK_PROTOCOL_VERSION, type NetworkName } from './preamble.ts';
import { TokenBucket } from './token-bucket.ts';
import type { FrameHandler } from './types.ts';

/** NET-9: protocol ids of the streams. */
export const STATUS_PROTOCOL = '/hansa/status/1';
export const PROTOCOL_OF_CHANNEL: Readonly<Record<Channel, string>> = {
  consensus: '/hansa/consensus/1',
  transactions: '/hansa/transactions/1',
  sync: '/hansa/sync/1',
};

/** What all links of a node share. */
export type LinkContext = {
  readonly name: NetworkName;
  readonly nodeId: NodeId;
  readonly limits: NetworkLimits;
  readonly counters: Counters;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  readonly ownStatus: () => StatusFrame;
  readonly handlerOf: (channel: Channel) => FrameHandler | undefined;
  /** Opener: may this connection become the link? Undefined accepts it. Replaces an older one as a side effect. */
  readonly onOffered: (link: Link, status: StatusFrame) => Mismatch | undefined;
  /** The other side made this connection the link. */
  readonly onAccepted: (link: Link) => void;
  readonly onUp: (link: Link) => void;
  readonly onStatus: (link: Link) => void;
  /** `byPeer`: the cause is what the peer said of us. */
  readonly onClosed: (link: Link, cause: Mismatch, end: { readonly wasUp: boolean; readonly byPeer: boolean }) => void;
};

/** Time between the goodbye and the reset of the connection: a reset may overtake what was written before it. */
const LINGER_MS = 100;
const CONTROL_RATE = { perSecond: 100, burst: 300 };
const CONTROL_QUEUE_SIZE_MAX = 64 * 1024;

/**
 * One connection to an admitted peer: status handshake, heartbeat and channel streams (NET-8 to NET-18).
 * The node with the lower id opens all streams and alone decides which connection is used.
 */
export class Link {
  readonly connection: Connection;
  readonly nodeId: NodeId;
  readonly isOpener: boolean;
  readonly clock: ClockEstimate = new ClockEstimate();
  readonly #context: LinkContext;
  readonly #channels = new Map<Channel, FramedStream>();
  readonly #controlBucket: TokenBucket;
  readonly #patience: TokenBucket;
  readonly #handshakeTimer: NodeJS.Timeout;
  #control: FramedStream | undefined;
  #state: 'handshaking' | 'accepted' | 'up' | 'closed' = 'handshaking';
  #status: StatusFrame | undefined;
  #heardMs: number;
  #pingSequence = 0;
  #pingSentMs: number | undefined;
  bytesSent = 0;
  bytesReceived = 0;

  constructor(connection: Connection, nodeId: NodeId, context: LinkContext) {
    this.connection = connection;
    this.nodeId = nodeId;
    this.isOpener = context.nodeId < nodeId;
    this.#context = context;
    this.#heardMs = context.monotonic();
    this.#controlBucket = new TokenBucket(CONTROL_RATE, this.#heardMs);
    const patience = context.limits.violationCountMax;
    this.#patience = new TokenBucket({ perSecond: patience / 60, burst: patience }, this.#heardMs);
    this.#handshakeTimer = setTimeout(() => {
      this.close({ reason: 'handshakeTimeout', message: 'did not finish the status handshake in time' });
    }, context.limits.handshakeTimeoutMs);
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** The peer's last word of itself, defined once the handshake is done. */
  get status(): StatusFrame | undefined {
    return this.#status;
  }

  get silentMs(): number {
    return this.#context.monotonic() - this.#heardMs;
  }

  /** Opener only: NET-11, opens the status stream and offers the own status. */
  async open(): Promise<void> {
    try {
      const stream = await this.#openStream(STATUS_PROTOCOL);
      if (this.isClosed) {
        stream.abort(new Error('the link is closed'));
        return;
      }
      this.#adoptControl(stream);
    } catch (error) {
      this.#onBroken(error);
    }
  }

  /** A stream that the peer opened. Only the opener may, and one of each protocol (NET-9). */
  onStream(protocol: string, stream: Stream): void {
    if (this.isClosed) {
      stream.abort(new Error('the link is closed'));
      return;
    }
    const channel = CHANNELS.find((candidate) => PROTOCOL_OF_CHANNEL[candidate] === protocol);
    const isFirst = channel === undefined ? this.#control === undefined : !this.#channels.has(channel);
    if (this.isOpener || !isFirst) {
      stream.abort(new Error('not allowed'));
      this.close({ reason: 'protocolViolation', message: `opened a stream ${protocol} out of turn` });
      return;
    }
    if (channel === undefined) this.#adoptControl(stream);
    else {
      this.#adoptChannel(channel, stream);
      this.#upWhenComplete();
    }
  }

  /** False: not up, or refused by the channel's queue (counted). */
  send(channel: Channel, bytes: Uint8Array): boolean {
    if (this.#state !== 'up') return false;
    const taken = this.#channels.get(channel)?.send(bytes) === true;
    this.#context.counters.count(taken ? 'framesSent' : 'framesRefused', channel);
    return taken;
  }

  sendHead(height: Height, headHash: HashHex): void {
    if (this.#state === 'up') this.#sendControl({ type: 'head', height, headHash });
  }

  /** NET-15: asks for a sign of life. */
  ping(): void {
    if (this.#state !== 'up') return;
    this.#pingSequence = (this.#pingSequence + 1) >>> 0;
    this.#pingSentMs = this.#context.now();
    this.#sendControl({ type: 'ping', sequence: this.#pingSequence });
  }

  /** Our own loop stood still: the peer's silence of that time is not its fault. */
  excuse(ms: number): void {
    this.#heardMs = Math.min(this.#context.monotonic(), this.#heardMs + ms);
  }

  /** Says why, then resets the connection. Idempotent; nothing is delivered or sent after it. */
  close(cause: Mismatch): void {
    this.#end(cause, { tell: true });
  }

  /** The connection is gone. */
  onConnectionClosed(): void {
    this.#end({ reason: 'closed', message: 'the connection was closed' });
  }

  #end(cause: Mismatch, how: { readonly tell?: boolean; readonly byPeer?: boolean } = {}): void {
    if (this.#state === 'closed') return;
    const wasUp = this.#state === 'up';
    const goodbye = how.tell === true && this.#control !== undefined;
    if (goodbye) this.#sendControl({ type: 'goodbye', reason: cause.reason, message: cause.message });
    this.#state = 'closed';
    clearTimeout(this.#handshakeTimer);
    for (const channel of this.#channels.values()) channel.abort(cause.message);
    if (goodbye) setTimeout(() => this.reset(cause.message), LINGER_MS);
    else this.reset(cause.message);
    this.#context.onClosed(this, cause, { wasUp, byPeer: how.byPeer === true });
  }

  /** TCP reset, at once. */
  reset(message: string): void {
    if (this.connection.status !== 'closed') this.connection.abort(new Error(message));
  }

  async #openStream(protocol: string): Promise<Stream> {
    const signal = AbortSignal.timeout(this.#context.limits.handshakeTimeoutMs);
    return await this.connection.newStream(protocol, { signal, maxOutboundStreams: 2 });
  }

  #onBroken(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.#end({ reason: 'closed', message: `the connection broke during the handshake: ${text}` });
  }

  #adoptControl(stream: Stream): void {
    this.#control = new FramedStream(stream, {
      frameSizeMax: CONTROL_FRAME_SIZE_MAX,
      sendQueueSizeMax: CONTROL_QUEUE_SIZE_MAX,
      sendQueuePolicy: 'dropOldest',
      turnSizeMax: CONTROL_QUEUE_SIZE_MAX,
      receiveQueueSizeMax: CONTROL_QUEUE_SIZE_MAX,
      admit: () => this.#admitControl(),
      onFrame: (bytes) => this.#onControlBytes(bytes),
      onFault: (fault) => this.close(fault),
      onEvicted: () => {},
      onSent: (size) => this.#onSent(size),
      onClose: () => this.#end({ reason: 'closed', message: 'the peer closed the status stream' }),
    });
    this.#control.release();
    this.#sendControl({ type: 'status', status: this.#context.ownStatus() });
  }

  #adoptChannel(channel: Channel, stream: Stream): void {
    const { limits, counters, monotonic } = this.#context;
    const limit = limits.channels[channel];
    const frames = new TokenBucket({ perSecond: limit.frameCountPerSecond, burst: limit.frameCountBurst }, monotonic());
    const bytes = new TokenBucket({ perSecond: limit.sizePerSecond, burst: limit.sizeBurst }, monotonic());
    const framed = new FramedStream(stream, {
      frameSizeMax: limit.frameSizeMax,
      sendQueueSizeMax: limit.sendQueueSizeMax,
      sendQueuePolicy: limit.sendQueuePolicy,
      turnSizeMax: limit.turnSizeMax,
      receiveQueueSizeMax: limit.receiveQueueSizeMax,
      admit: (size) => this.#admitFrame(channel, size, frames, bytes),
      onFrame: (frame) => this.#context.handlerOf(channel)?.(this.nodeId, frame),
      onFault: (fault) => this.close(fault),
      onEvicted: (count) => counters.count('framesEvicted', channel, count),
      onSent: (size) => {
        this.#onSent(size);
        counters.count('bytesSent', channel, size);
      },
      onClose: () => this.#end({ reason: 'closed', message: `the peer closed the ${channel} stream` }),
    });
    this.#channels.set(channel, framed);
  }

  #admitControl(): boolean {
    const nowMs = this.#context.monotonic();
    this.#heardMs = nowMs;
    if (this.#controlBucket.take(1, nowMs)) return true;
    this.close({ reason: 'rateLimit', message: 'sent too many control frames' });
    return false;
  }

  /** NET-19: over the rate a frame is dropped and counted; a peer that goes on is cut off. */
  #admitFrame(channel: Channel, size: number, frames: TokenBucket, bytes: TokenBucket): boolean {
    const nowMs = this.#context.monotonic();
    this.#heardMs = nowMs;
    this.bytesReceived += size;
    this.#context.counters.count('framesReceived', channel);
    this.#context.counters.count('bytesReceived', channel, size);
    if (frames.take(1, nowMs) && bytes.take(size, nowMs)) return true;
    this.#context.counters.count('framesOverRate', channel);
    if (!this.#patience.take(1, nowMs)) {
      this.close({ reason: 'rateLimit', message: `sent more on channel ${channel} than its rate limit allows` });
    }
    return false;
  }

  #onSent(size: number): void {
    this.bytesSent += size;
  }

  #sendControl(frame: ControlFrame): void {
    this.#control?.sendNow(encodeControlFrame(frame));
  }

  #onControlBytes(bytes: Uint8Array): void {
    if (this.isClosed) return;
    const decoded = decodeControlFrame(bytes);
    if (decoded.ok) this.#onControl(decoded.value);
    else this.close({ reason: 'protocolViolation', message: `sent ${decoded.error}` });
  }

  #onControl(frame: ControlFrame): void {
    if (this.#onExpected(frame)) return;
    this.close({ reason: 'protocolViolation', message: `sent a control frame "${frame.type}" out of turn` });
  }

  /** NET-11: which frame may come when. False: not this one now. */
  #onExpected(frame: ControlFrame): boolean {
    const isStatusDue = this.#status === undefined;
    const isAcceptDue = !isStatusDue && !this.isOpener && this.#state === 'handshaking';
    const isDone = this.#state === 'accepted' || this.#state === 'up';
    switch (frame.type) {
      case 'status':
        if (isStatusDue) this.#onStatus(frame.status);
        return isStatusDue;
      case 'accept':
        if (isAcceptDue) this.#onAccept();
        return isAcceptDue;
      case 'ping':
        if (isDone) this.#sendControl({ type: 'pong', sequence: frame.sequence, timeMs: this.#context.now() });
        return isDone;
      case 'pong':
        if (isDone) this.#onPong(frame);
        return isDone;
      case 'goodbye':
        this.#end({ reason: frame.reason, message: `said goodbye: ${frame.message}` }, { byPeer: true });
        return true;
      case 'head':
        if (isDone) this.#onHead(frame.height, frame.headHash);
        return isDone;
    }
  }

  #onHead(height: Height, headHash: HashHex): void {
    if (this.#status === undefined) return;
    this.#status = { ...this.#status, height, headHash };
    if (this.#state === 'up') this.#context.onStatus(this);
  }

  /** NET-13: both sides check; only the opener decides. */
  #onStatus(status: StatusFrame): void {
    const mismatch = checkStatus(status, this.nodeId, this.#context.name);
    if (mismatch !== undefined) {
      this.close(mismatch);
      return;
    }
    this.#status = status;
    if (!this.isOpener) return;
    const refusal = this.#context.onOffered(this, status);
    if (refusal !== undefined) {
      this.close(refusal);
      return;
    }
    this.#sendControl({ type: 'accept' });
    this.#state = 'accepted';
    void this.#openChannels();
  }

  async #openChannels(): Promise<void> {
    try {
      const streams = await Promise.all(CHANNELS.map((channel) => this.#openStream(PROTOCOL_OF_CHANNEL[channel])));
      for (const [index, stream] of streams.entries()) {
        if (this.isClosed) stream.abort(new Error('the link is closed'));
        else this.#adoptChannel(CHANNELS[index] as Channel, stream);
      }
      this.#upWhenComplete();
    } catch (error) {
      this.#onBroken(error);
    }
  }

  #onAccept(): void {
    this.#state = 'accepted';
    this.#context.onAccepted(this);
    this.#upWhenComplete();
  }

  #upWhenComplete(): void {
    if (this.#state !== 'accepted' || this.#channels.size < CHANNELS.length) return;
    this.#state = 'up';
    clearTimeout(this.#handshakeTimer);
    this.#context.onUp(this);
    // A listener may have closed the link meanwhile; release does nothing then.
    for (const channel of this.#channels.values()) channel.release();
    this.ping();
  }

  #onPong(frame: { readonly sequence: number; readonly timeMs: number }): void {
    if (frame.sequence !== this.#pingSequence || this.#pingSentMs === undefined) return;
    this.clock.add({ sentMs: this.#pingSentMs, receivedMs: this.#context.now(), theirMs: frame.timeMs });
    this.#pingSentMs = undefined;
  }
}

function checkStatus(status: StatusFrame, nodeId: NodeId, name: NetworkName): Mismatch | undefined {
  if (status.protocolVersion !== NETWORK_PROTOCOL_VERSION) {
    const message = `speaks network protocol version ${status.protocolVersion}, not ${NETWORK_PROTOCOL_VERSION}`;
    return { reason: 'otherVersion', message };
  }
  if (status.chainId !== name.chainId) {
    return { reason: 'otherChain', message: `is on chain ${status.chainId}, not on chain ${name.chainId}` };
  }
  if (status.genesisHash !== name.genesisHash || status.groupId !== name.groupId) {
    const message = `has genesis ${status.genesisHash} (${status.groupId}), not ${name.genesisHash} (${name.groupId})`;
    return { reason: 'otherGenesis', message };
  }
  if (status.nodeId !== nodeId) {
    return { reason: 'protocolViolation', message: 'named a node id that is not the key of its connection' };
  }
  return undefined;
}

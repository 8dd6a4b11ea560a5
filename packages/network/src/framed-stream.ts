import type { Stream } from '@libp2p/interface';
import { FrameDecoder } from './frame-decoder.ts';
import { Outbox } from './outbox.ts';
import type { Mismatch } from './preamble.ts';

export type FramedStreamOptions = {
  readonly frameSizeMax: number;
  readonly sendQueueSizeMax: number;
  readonly sendQueuePolicy: 'dropOldest' | 'refuse';
  readonly turnSizeMax: number;
  /** Bytes of frames that may wait for `onFrame` before the stream is paused. */
  readonly receiveQueueSizeMax: number;
  /** False drops the frame: the rate limit. Called once per frame, in order. */
  readonly admit: (size: number) => boolean;
  readonly onFrame: (bytes: Uint8Array) => void | Promise<void>;
  readonly onFault: (fault: Mismatch) => void;
  readonly onEvicted: (count: number) => void;
  readonly onSent: (size: number) => void;
  readonly onClose: () => void;
};

/** Frames handled in one turn of the event loop. */
const FRAMES_PER_TURN = 256;

/**
 * One long-lived bidirectional stream of frames (NET-7) with back pressure both ways: a slow handler pauses the
 * stream, so that the peer's window runs out; a slow peer fills the outbox, which then drops or refuses.
 * Frames are held until `release` (NET-18), so that none is delivered before its peer is announced.
 */
export class FramedStream {
  readonly #stream: Stream;
  readonly #options: FramedStreamOptions;
  readonly #decoder: FrameDecoder;
  readonly #outbox: Outbox;
  #received: Uint8Array[] = [];
  #receivedAt = 0;
  #receivedSize = 0;
  #busy = false;
  #released = false;
  #closed = false;

  constructor(stream: Stream, options: FramedStreamOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#decoder = new FrameDecoder(options.frameSizeMax);
    const isWritable = (): boolean =>
      !this.#closed && stream.status === 'open' && stream.writeStatus === 'writable' && !stream.writableNeedsDrain;
    this.#outbox = new Outbox(
      {
        get writable() {
          return isWritable();
        },
        write: (bytes) => this.#write(bytes),
      },
      {
        queueSizeMax: options.sendQueueSizeMax,
        policy: options.sendQueuePolicy,
        turnSizeMax: options.turnSizeMax,
        onEvicted: options.onEvicted,
      },
    );
    stream.addEventListener('message', (event) => this.#onData(event.data));
    stream.addEventListener('drain', () => this.#outbox.onDrain());
    stream.addEventListener('remoteCloseWrite', () => this.#onEnd());
    stream.addEventListener('close', () => this.#onEnd());
  }

  /** Bytes of frames that wait to be written. */
  get sendQueueSize(): number {
    return this.#outbox.size;
  }

  /** Bytes of frames that wait for the handler. */
  get receiveQueueSize(): number {
    return this.#receivedSize;
  }

  /** False: closed, or refused by the queue. */
  send(bytes: Uint8Array): boolean {
    return !this.#closed && this.#outbox.push(bytes);
  }

  /** As `send`, and writes at once what the socket takes. */
  sendNow(bytes: Uint8Array): boolean {
    const taken = this.send(bytes);
    if (taken) this.#outbox.flush();
    return taken;
  }

  /** Begins to deliver frames. */
  release(): void {
    this.#released = true;
    this.#deliver();
  }

  /** Ends both directions at once; `onClose` is not called for an own close. */
  abort(reason: string): void {
    if (this.#closed) return;
    this.#finish();
    this.#stream.abort(new Error(reason));
  }

  #finish(): void {
    this.#closed = true;
    this.#outbox.close();
    this.#received = [];
    this.#receivedAt = 0;
    this.#receivedSize = 0;
  }

  #onEnd(): void {
    if (this.#closed) return;
    this.#finish();
    if (this.#stream.status === 'open') this.#stream.abort(new Error('the peer ended the stream'));
    this.#options.onClose();
  }

  #write(bytes: Uint8Array): void {
    try {
      this.#stream.send(bytes);
      this.#options.onSent(bytes.length);
    } catch (error) {
      // Closing between our look at its state and the write; its close event may still be on the way.
      this.#stream.abort(error instanceof Error ? error : new Error(String(error)));
      this.#onEnd();
    }
  }

  #onData(data: Uint8Array | Iterable<Uint8Array>): void {
    for (const chunk of data instanceof Uint8Array ? [data] : data) {
      if (this.#closed) return;
      const fault = this.#decoder.push(chunk, (frame) => {
        if (this.#closed || !this.#options.admit(frame.length)) return;
        this.#received.push(frame);
        this.#receivedSize += frame.length;
      });
      if (fault !== undefined) {
        this.#options.onFault(fault);
        return;
      }
    }
    this.#deliver();
    if (this.#receivedSize > this.#options.receiveQueueSizeMax && this.#stream.readStatus === 'readable') {
      this.#stream.pause();
    }
  }

  #deliver(): void {
    let count = 0;
    while (this.#released && !this.#busy && !this.#closed && this.#receivedAt < this.#received.length) {
      if (count++ === FRAMES_PER_TURN) {
        this.#busy = true;
        setImmediate(() => this.#onHandled());
        return;
      }
      const frame = this.#shift();
      this.#handle(frame);
    }
    this.#resumeWhenLow();
  }

  #shift(): Uint8Array {
    const frame = this.#received[this.#receivedAt] as Uint8Array;
    this.#receivedAt++;
    this.#receivedSize -= frame.length;
    if (this.#receivedAt === this.#received.length || this.#receivedAt > 1024) {
      this.#received = this.#received.slice(this.#receivedAt);
      this.#receivedAt = 0;
    }
    return frame;
  }

  #handle(frame: Uint8Array): void {
    let pending: void | Promise<void>;
    try {
      pending = this.#options.onFrame(frame);
    } catch (error) {
      this.#onHandlerFailed(error);
      return;
    }
    if (pending === undefined) return;
    this.#busy = true;
    pending.then(
      () => this.#onHandled(),
      (error: unknown) => this.#onHandlerFailed(error),
    );
  }

  #onHandled(): void {
    this.#busy = false;
    this.#deliver();
  }

  #onHandlerFailed(error: unknown): void {
    if (this.#closed) return;
    this.#options.onFault({ reason: 'protocolViolation', message: `a frame could not be handled: ${String(error)}` });
  }

  #resumeWhenLow(): void {
    if (this.#closed || this.#stream.readStatus !== 'paused') return;
    if (this.#receivedSize <= this.#options.receiveQueueSizeMax / 2) this.#stream.resume();
  }
}

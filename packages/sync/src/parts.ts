import { assert, fail, type NodeId, ok, type Result } from '@hansa/primitives';
import { type SyncFailure, syncFailure } from './errors.ts';
import { SYNC_MESSAGE_SIZE_MAX, SYNC_PART_SIZE_MAX } from './limits.ts';

/** u32 message number, u8 1 for the last part else 0 (SYNC-12). */
const PART_HEADER_SIZE = 5;
/** Messages of one peer that may be on their way at once: a request, an answer, and one more of each. */
const OPEN_MESSAGE_COUNT_MAX = 4;
/** A part of one byte takes some hundred bytes of memory, so that 16 MiB of them would take gigabytes (SYNC-13). */
const PART_COUNT_MAX = 1_024;

/** Cuts a message into parts for the sync channel. `messageNumber` counts the messages of this sender to that peer. */
export function splitMessage(message: Uint8Array, messageNumber: number): readonly Uint8Array[] {
  assert(
    message.length > 0 && message.length <= SYNC_MESSAGE_SIZE_MAX,
    `a message of ${message.length} bytes cannot be sent`,
  );
  const chunkSize = SYNC_PART_SIZE_MAX - PART_HEADER_SIZE;
  const parts: Uint8Array[] = [];
  for (let from = 0; from < message.length; from += chunkSize) {
    const chunk = message.subarray(from, from + chunkSize);
    const part = new Uint8Array(PART_HEADER_SIZE + chunk.length);
    new DataView(part.buffer).setUint32(0, messageNumber >>> 0);
    part[4] = from + chunk.length === message.length ? 1 : 0;
    part.set(chunk, PART_HEADER_SIZE);
    parts.push(part);
  }
  return parts;
}

type OpenMessage = { readonly chunks: Uint8Array[]; sizeBytes: number };

/**
 * Puts the parts of one peer together again; one per connection. Bounded in messages and bytes (SYNC-13): what is open
 * above that is given up, oldest first, and counted: its sender could not finish it.
 */
export class MessageAssembler {
  readonly #open: Map<number, OpenMessage> = new Map();
  #openBytes = 0;
  #droppedCount = 0;

  /** Messages that were begun and given up. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** The message when `part` was its last one. Takes ownership of `part`. After an error the connection has to end. */
  push(part: Uint8Array): Result<Uint8Array | undefined, SyncFailure> {
    if (part.length <= PART_HEADER_SIZE || part.length > SYNC_PART_SIZE_MAX) {
      return fail(syncFailure('SYNC_MALFORMED', `a part of ${part.length} bytes`));
    }
    const messageNumber = new DataView(part.buffer, part.byteOffset, part.length).getUint32(0);
    const flag = part[4];
    if (flag !== 0 && flag !== 1) return fail(syncFailure('SYNC_MALFORMED', `a part with flag ${flag}`));
    const message = this.#open.get(messageNumber) ?? { chunks: [], sizeBytes: 0 };
    const chunk = part.subarray(PART_HEADER_SIZE);
    message.chunks.push(chunk);
    message.sizeBytes += chunk.length;
    this.#openBytes += chunk.length;
    if (message.sizeBytes > SYNC_MESSAGE_SIZE_MAX) {
      return fail(syncFailure('SYNC_MALFORMED', `a message of more than ${SYNC_MESSAGE_SIZE_MAX} bytes`));
    }
    if (message.chunks.length > PART_COUNT_MAX) {
      return fail(syncFailure('SYNC_MALFORMED', `a message of more than ${PART_COUNT_MAX} parts`));
    }
    if (flag === 0) {
      this.#open.set(messageNumber, message);
      this.#giveUpOldest(messageNumber);
      return ok(undefined);
    }
    this.#close(messageNumber, message);
    return ok(joined(message.chunks));
  }

  #giveUpOldest(current: number): void {
    for (const [messageNumber, message] of [...this.#open]) {
      if (this.#open.size <= OPEN_MESSAGE_COUNT_MAX && this.#openBytes <= SYNC_MESSAGE_SIZE_MAX) return;
      if (messageNumber === current) continue;
      this.#droppedCount++;
      this.#close(messageNumber, message);
    }
  }

  #close(messageNumber: number, message: OpenMessage): void {
    this.#open.delete(messageNumber);
    this.#openBytes -= message.sizeBytes;
  }
}

/**
 * Parts on their way to the network, per peer, so that a message larger than the free part of the send queue goes out
 * piece by piece. Bounded: a message that does not fit is refused as a whole.
 */
export class PartOutbox {
  readonly #send: (peer: NodeId, part: Uint8Array) => boolean;
  readonly #sizeMax: number;
  readonly #queues: Map<NodeId, { parts: Uint8Array[]; sizeBytes: number; messageCount: number }> = new Map();

  /** `send`: false when the network takes no more for that peer now. */
  constructor(send: (peer: NodeId, part: Uint8Array) => boolean, sizeMax: number = SYNC_MESSAGE_SIZE_MAX) {
    this.#send = send;
    this.#sizeMax = sizeMax;
  }

  /** False when the message was refused, because too much waits for the peer. */
  add(peer: NodeId, message: Uint8Array): boolean {
    const queue = this.#queues.get(peer) ?? { parts: [], sizeBytes: 0, messageCount: 0 };
    if (queue.parts.length > 0 && queue.sizeBytes + message.length > this.#sizeMax) return false;
    this.#queues.set(peer, queue);
    for (const part of splitMessage(message, queue.messageCount)) {
      queue.parts.push(part);
      queue.sizeBytes += part.length;
    }
    queue.messageCount = (queue.messageCount + 1) >>> 0;
    this.#flush(peer);
    return true;
  }

  /** Sends what the network takes now. Call it with every tick. */
  flush(): void {
    for (const peer of this.#queues.keys()) this.#flush(peer);
  }

  /** The connection has ended: nothing of the old one may follow on a new one. */
  removePeer(peer: NodeId): void {
    this.#queues.delete(peer);
  }

  #flush(peer: NodeId): void {
    const queue = this.#queues.get(peer);
    if (queue === undefined) return;
    let sentCount = 0;
    for (const part of queue.parts) {
      if (!this.#send(peer, part)) break;
      queue.sizeBytes -= part.length;
      sentCount++;
    }
    if (sentCount > 0) queue.parts = queue.parts.slice(sentCount);
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const first = chunks[0] as Uint8Array;
  if (chunks.length === 1) return first;
  let size = 0;
  for (const chunk of chunks) size += chunk.length;
  const message = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    message.set(chunk, at);
    at += chunk.length;
  }
  return message;
}

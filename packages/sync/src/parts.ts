import { assert, fail, ok, type Result } from '@hansa/primitives';
import { type SyncFailure, syncFailure } from './errors.ts';
import { SYNC_MESSAGE_SIZE_MAX, SYNC_PART_SIZE_MAX } from './limits.ts';

/** u32 message number, u8 1 for the last part else 0 (SYNC-12). */
const PART_HEADER_SIZE = 5;
/** Messages of one peer that may be on their way at once: a request, an answer, and one more of each. */
const OPEN_MESSAGE_COUNT_MAX = 4;

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

/** Puts the parts of one peer together again; bounded in messages and bytes (SYNC-13). One per connection. */
export class MessageAssembler {
  readonly #open: Map<number, Uint8Array[]> = new Map();
  #openBytes = 0;

  /** The message when `part` was its last one. After an error the connection has to end. */
  push(part: Uint8Array): Result<Uint8Array | undefined, SyncFailure> {
    if (part.length <= PART_HEADER_SIZE || part.length > SYNC_PART_SIZE_MAX) {
      return fail(syncFailure('SYNC_MALFORMED', `a part of ${part.length} bytes`));
    }
    const messageNumber = new DataView(part.buffer, part.byteOffset, part.length).getUint32(0);
    const flag = part[4];
    if (flag !== 0 && flag !== 1) return fail(syncFailure('SYNC_MALFORMED', `a part with flag ${flag}`));
    const chunk = part.subarray(PART_HEADER_SIZE);
    if (this.#openBytes + chunk.length > SYNC_MESSAGE_SIZE_MAX) {
      return fail(syncFailure('SYNC_MALFORMED', `messages of more than ${SYNC_MESSAGE_SIZE_MAX} bytes`));
    }
    const chunks = this.#open.get(messageNumber) ?? [];
    chunks.push(chunk);
    if (flag === 0) {
      this.#open.set(messageNumber, chunks);
      this.#openBytes += chunk.length;
      if (this.#open.size <= OPEN_MESSAGE_COUNT_MAX) return ok(undefined);
      return fail(syncFailure('SYNC_MALFORMED', `more than ${OPEN_MESSAGE_COUNT_MAX} messages at once`));
    }
    this.#open.delete(messageNumber);
    const message = joined(chunks);
    this.#openBytes -= message.length - chunk.length;
    return ok(message);
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

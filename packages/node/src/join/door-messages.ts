/** What a newcomer and an entry node say to each other at the door (docs/spec/joining.md, JOIN-21 and JOIN-22). */
import type { Height } from '@hansa/primitives';
import {
  decodeJoinRequest,
  decodeUtf8,
  encodeJoinRequest,
  encodeUtf8,
  type JoinRequest,
  Reader,
  Writer,
} from '@hansa/protocol';

export type DoorRequest = { readonly kind: 'ask' | 'join'; readonly request: JoinRequest };

export type DoorAnswer =
  | { readonly type: 'genesis'; readonly file: string }
  /** The transaction is under way. */
  | { readonly type: 'under way' }
  | { readonly type: 'joined'; readonly height: Height }
  /** Code of the contract; 0: this node lets nobody in now, another may. */
  | { readonly type: 'refused'; readonly code: number; readonly reason: string };

const KINDS = ['ask', 'join'] as const;
const REASON_SIZE_MAX = 256;

export const encodeDoorRequest = ({ kind, request }: DoorRequest): Uint8Array =>
  new Writer()
    .u8(KINDS.indexOf(kind) + 1)
    .raw(encodeJoinRequest(request))
    .finish();

/** Undefined for what is none. Never throws. */
export function decodeDoorRequest(bytes: Uint8Array): DoorRequest | undefined {
  const kind = KINDS[(bytes[0] ?? 0) - 1];
  const request = decodeJoinRequest(bytes.subarray(1));
  return kind === undefined || !request.ok ? undefined : { kind, request: request.value };
}

export function encodeDoorAnswer(answer: DoorAnswer): Uint8Array {
  switch (answer.type) {
    case 'genesis':
      return new Writer().u8(1).raw(encodeUtf8(answer.file)).finish();
    case 'under way':
      return Uint8Array.of(2);
    case 'joined':
      return new Writer().u8(3).u64(answer.height).finish();
    case 'refused':
      return new Writer()
        .u8(4)
        .u32(-answer.code)
        .bytes(encodeUtf8(answer.reason).subarray(0, REASON_SIZE_MAX))
        .finish();
  }
}

/** Undefined for what is none. Never throws. */
export function decodeDoorAnswer(bytes: Uint8Array): DoorAnswer | undefined {
  const reader = new Reader(bytes, 'answer at the door');
  switch (reader.u8()) {
    case 1: {
      const file = decodeUtf8(bytes.subarray(1));
      return file === undefined ? undefined : { type: 'genesis', file };
    }
    case 2:
      return bytes.length === 1 ? { type: 'under way' } : undefined;
    case 3: {
      const read = reader.finish(reader.height());
      return read.ok ? { type: 'joined', height: read.value } : undefined;
    }
    case 4: {
      const code = 0 - reader.u32();
      const read = reader.finish(decodeUtf8(reader.bytes(REASON_SIZE_MAX)));
      return read.ok && read.value !== undefined ? { type: 'refused', code, reason: read.value } : undefined;
    }
    default:
      return undefined;
  }
}

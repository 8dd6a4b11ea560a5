import {
  asciiBytes,
  bytesToHex,
  concatBytes,
  fail,
  fromHex,
  type HashHex,
  type Height,
  type NodeId,
  ok,
  type Result,
} from '@hansa/primitives';
import type { PeerReason } from './errors.ts';

/** What a node says of itself, NET-12. */
export type StatusFrame = {
  readonly protocolVersion: number;
  readonly chainId: number;
  readonly groupId: string;
  readonly genesisHash: HashHex;
  readonly height: Height;
  readonly headHash: HashHex;
  readonly nodeId: NodeId;
  /** 16 bytes as hex, new in each process. */
  readonly instance: string;
  readonly agent: string;
  readonly timeMs: number;
  readonly listenAddresses: readonly string[];
};

/** Frames of the status stream, NET-11 to NET-17. */
export type ControlFrame =
  | { readonly type: 'status'; readonly status: StatusFrame }
  | { readonly type: 'accept' }
  | { readonly type: 'ping'; readonly sequence: number }
  | { readonly type: 'pong'; readonly sequence: number; readonly timeMs: number }
  | { readonly type: 'head'; readonly height: Height; readonly headHash: HashHex }
  | { readonly type: 'goodbye'; readonly reason: PeerReason; readonly message: string };

/** NET-11: longest frame of the status stream. */
export const CONTROL_FRAME_SIZE_MAX = 4096;
const AGENT_SIZE_MAX = 64;
const GROUP_SIZE_MAX = 32;
const ADDRESS_SIZE_MAX = 256;
const ADDRESS_COUNT_MAX = 8;
const MESSAGE_SIZE_MAX = 256;

/** NET-17: numbers of the reasons that travel. A number is never given to another reason. */
const CODE_OF_REASON: Partial<Record<PeerReason, number>> = {
  otherVersion: 1,
  otherChain: 2,
  otherGenesis: 3,
  notAdmitted: 4,
  sameKey: 5,
  duplicate: 6,
  restarted: 7,
  stopping: 8,
  tooManyConnections: 9,
  handshakeTimeout: 10,
  heartbeatTimeout: 11,
  protocolViolation: 12,
  rateLimit: 13,
};
const REASON_OF_CODE: ReadonlyMap<number, PeerReason> = new Map(
  Object.entries(CODE_OF_REASON).map(([reason, code]) => [code, reason as PeerReason]),
);

/** Number of a reason in goodbye frames and verdicts; 0 for those that do not travel. */
export function codeOfReason(reason: PeerReason): number {
  return CODE_OF_REASON[reason] ?? 0;
}

/** An unknown number is a reason of a later version: the connection just ended. */
export function reasonOfCode(code: number): PeerReason {
  return REASON_OF_CODE.get(code) ?? 'closed';
}

/** Bytes of a control frame without its length. Texts of ours that are too long are cut. */
export function encodeControlFrame(frame: ControlFrame): Uint8Array {
  switch (frame.type) {
    case 'status':
      return encodeStatus(frame.status);
    case 'accept':
      return Uint8Array.of(2);
    case 'ping':
      return concatBytes(Uint8Array.of(3), u32(frame.sequence));
    case 'pong':
      return concatBytes(Uint8Array.of(4), u32(frame.sequence), u64(frame.timeMs));
    case 'head':
      return concatBytes(Uint8Array.of(5), u64(frame.height), fromHex(frame.headHash));
    case 'goodbye':
      return concatBytes(Uint8Array.of(6, codeOfReason(frame.reason)), text(frame.message, MESSAGE_SIZE_MAX));
  }
}

/** Never throws; what is left over, missing, too long or not printable ASCII is refused (NET-11). */
export function decodeControlFrame(bytes: Uint8Array): Result<ControlFrame, string> {
  const reader = new Reader(bytes);
  const frame = readFrame(reader);
  if (frame === undefined) return fail(`an unknown control frame of kind ${bytes[0]}`);
  if (reader.failed || !reader.atEnd) return fail(`a malformed control frame of kind ${bytes[0]}`);
  return ok(frame);
}

function readFrame(reader: Reader): ControlFrame | undefined {
  switch (reader.u8()) {
    case 1:
      return { type: 'status', status: readStatus(reader) };
    case 2:
      return { type: 'accept' };
    case 3:
      return { type: 'ping', sequence: reader.u32() };
    case 4:
      return { type: 'pong', sequence: reader.u32(), timeMs: reader.u64() };
    case 5:
      return { type: 'head', height: reader.u64() as Height, headHash: reader.hex(32) as HashHex };
    case 6:
      return { type: 'goodbye', reason: reasonOfCode(reader.u8()), message: reader.text(MESSAGE_SIZE_MAX) };
    default:
      return undefined;
  }
}

function encodeStatus(status: StatusFrame): Uint8Array {
  const addresses = status.listenAddresses
    .filter((address) => address.length <= ADDRESS_SIZE_MAX)
    .slice(0, ADDRESS_COUNT_MAX);
  return concatBytes(
    Uint8Array.of(1),
    u32(status.protocolVersion),
    u64(status.chainId),
    text(status.groupId, GROUP_SIZE_MAX),
    fromHex(status.genesisHash),
    u64(status.height),
    fromHex(status.headHash),
    fromHex(status.nodeId),
    fromHex(status.instance),
    text(status.agent, AGENT_SIZE_MAX),
    u64(status.timeMs),
    u32(addresses.length),
    ...addresses.map((address) => text(address, ADDRESS_SIZE_MAX)),
  );
}

function readStatus(reader: Reader): StatusFrame {
  const fixed = {
    protocolVersion: reader.u32(),
    chainId: reader.u64(),
    groupId: reader.text(GROUP_SIZE_MAX),
    genesisHash: reader.hex(32) as HashHex,
    height: reader.u64() as Height,
    headHash: reader.hex(32) as HashHex,
    nodeId: reader.hex(64) as NodeId,
    instance: reader.hex(16),
    agent: reader.text(AGENT_SIZE_MAX),
    timeMs: reader.u64(),
  };
  const count = reader.u32();
  if (count > ADDRESS_COUNT_MAX) reader.failed = true;
  const listenAddresses: string[] = [];
  for (let i = 0; i < count && !reader.failed; i++) listenAddresses.push(reader.text(ADDRESS_SIZE_MAX));
  return { ...fixed, listenAddresses };
}

/** Reads big-endian fields; after the first one that is not there `failed` stays true and zeros come. */
class Reader {
  failed = false;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  u8(): number {
    const at = this.#advance(1);
    return at === undefined ? 0 : this.#view.getUint8(at);
  }

  u32(): number {
    const at = this.#advance(4);
    return at === undefined ? 0 : this.#view.getUint32(at);
  }

  u64(): number {
    const at = this.#advance(8);
    const value = at === undefined ? 0 : Number(this.#view.getBigUint64(at));
    if (!Number.isSafeInteger(value)) this.failed = true;
    return this.failed ? 0 : value;
  }

  hex(size: number): string {
    const at = this.#advance(size);
    return at === undefined ? '00'.repeat(size) : bytesToHex(this.#bytes.subarray(at, at + size));
  }

  text(sizeMax: number): string {
    const size = this.u32();
    if (size > sizeMax) this.failed = true;
    const at = this.failed ? undefined : this.#advance(size);
    if (at === undefined) return '';
    const bytes = this.#bytes.subarray(at, at + size);
    // Printable ASCII only: a peer's words end in our logs.
    if (bytes.some((byte) => byte < 0x20 || byte > 0x7e)) this.failed = true;
    return this.failed ? '' : String.fromCharCode(...bytes);
  }

  #advance(size: number): number | undefined {
    if (this.failed || this.#at + size > this.#bytes.length) {
      this.failed = true;
      return undefined;
    }
    const at = this.#at;
    this.#at += size;
    return at;
  }
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

function text(value: string, sizeMax: number): Uint8Array {
  const bytes = asciiBytes(value.replace(/[^\x20-\x7e]/g, '?').slice(0, sizeMax));
  return concatBytes(u32(bytes.length), bytes);
}

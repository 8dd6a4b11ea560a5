import {
  type AddressHex,
  addressToHex,
  assert,
  type Failure,
  fail,
  hashToHex,
  ok,
  type Result,
  writeHex,
} from '@hansa/primitives';
import { decodeTransaction, type SignedTransaction, withSender } from '@hansa/protocol';

/**
 * A checked transaction as one run of bytes, made by the worker and read by the main thread: reading one costs about a
 * third of decoding and hashing it again. Local to a process, never stored or sent.
 *
 *   u8 kind: 0 failure   ‖ u32 length ‖ JSON
 *            1 flat      ‖ fixed part (offsets below) ‖ bytes
 *            2 complex   ‖ 20-byte sender ‖ u32 length ‖ bytes      (with an access list: decoded again)
 */
const [FAILURE, FLAT, COMPLEX] = [0, 1, 2] as const;

const HASH_AT = 4;
const SENDER_AT = 36;
const TO_AT = 56;
const CHAIN_ID_AT = 76;
const NONCE_AT = 84;
const GAS_LIMIT_AT = 92;
const FEE_AT = 100;
const TIP_AT = 132;
const VALUE_AT = 164;
const DIGEST_AT = 196;
const SIGNATURE_AT = 228;
const DATA_OFFSET_AT = 292;
const DATA_SIZE_AT = 296;
const SIZE_AT = 300;
const BYTES_AT = 304;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Collects records; the buffer grows by doubling and is handed over by `finish`. */
export class RecordWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #size = 0;

  constructor(sizeExpected: number) {
    this.#bytes = new Uint8Array(sizeExpected);
    this.#view = new DataView(this.#bytes.buffer);
  }

  add(outcome: Result<SignedTransaction, Failure>): void {
    if (!outcome.ok) this.#addFailure(outcome.error);
    else if (outcome.value.accessList.length > 0) this.#addComplex(outcome.value);
    else this.#addFlat(outcome.value);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#size);
  }

  #addFailure(failure: Failure): void {
    const json = encoder.encode(JSON.stringify(failure));
    const at = this.#reserve(5 + json.length);
    this.#bytes[at] = FAILURE;
    this.#view.setUint32(at + 1, json.length);
    this.#bytes.set(json, at + 5);
  }

  #addComplex(tx: SignedTransaction): void {
    const at = this.#reserve(25 + tx.bytes.length);
    this.#bytes[at] = COMPLEX;
    writeHex(this.#bytes, at + 1, tx.sender);
    this.#view.setUint32(at + 21, tx.bytes.length);
    this.#bytes.set(tx.bytes, at + 25);
  }

  #addFlat(tx: SignedTransaction): void {
    const at = this.#reserve(BYTES_AT + tx.bytes.length);
    const bytes = this.#bytes;
    const view = this.#view;
    bytes[at] = FLAT;
    bytes[at + 1] = tx.type;
    bytes[at + 2] = tx.recovery;
    bytes[at + 3] = tx.to === undefined ? 0 : 1;
    writeHex(bytes, at + HASH_AT, tx.hash);
    writeHex(bytes, at + SENDER_AT, tx.sender);
    if (tx.to !== undefined) writeHex(bytes, at + TO_AT, tx.to);
    view.setFloat64(at + CHAIN_ID_AT, tx.chainId);
    view.setBigUint64(at + NONCE_AT, tx.nonce);
    view.setBigUint64(at + GAS_LIMIT_AT, tx.gasLimit);
    setWord(view, at + FEE_AT, tx.maxFeePerGas);
    setWord(view, at + TIP_AT, tx.maxPriorityFeePerGas);
    setWord(view, at + VALUE_AT, tx.value);
    bytes.set(tx.signingDigest, at + DIGEST_AT);
    bytes.set(tx.signature, at + SIGNATURE_AT);
    // The decoder's `data` is a view into the bytes that it was given.
    view.setUint32(at + DATA_OFFSET_AT, tx.data.byteOffset - tx.bytes.byteOffset);
    view.setUint32(at + DATA_SIZE_AT, tx.data.length);
    view.setUint32(at + SIZE_AT, tx.bytes.length);
    bytes.set(tx.bytes, at + BYTES_AT);
  }

  #reserve(size: number): number {
    const at = this.#size;
    this.#size += size;
    if (this.#size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#size));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}

/** Each value owns its memory: it does not keep the batch that it came with alive. */
export function readRecords(records: Uint8Array): readonly Result<SignedTransaction, Failure>[] {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  const outcomes: Result<SignedTransaction, Failure>[] = [];
  let at = 0;
  while (at < records.length) {
    const kind = records[at];
    if (kind === FLAT) {
      const size = BYTES_AT + view.getUint32(at + SIZE_AT);
      outcomes.push(ok(readFlat(records.slice(at, at + size))));
      at += size;
    } else if (kind === COMPLEX) {
      const size = view.getUint32(at + 21);
      outcomes.push(ok(readComplex(records, at, size)));
      at += 25 + size;
    } else {
      assert(kind === FAILURE, `a record of kind 0 to 2 was expected, got ${kind}`);
      const size = view.getUint32(at + 1);
      outcomes.push(fail(JSON.parse(decoder.decode(records.subarray(at + 5, at + 5 + size))) as Failure));
      at += 5 + size;
    }
  }
  return outcomes;
}

function readFlat(record: Uint8Array): SignedTransaction {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const bytes = record.subarray(BYTES_AT);
  const dataOffset = view.getUint32(DATA_OFFSET_AT);
  return {
    type: record[1] as 0 | 1 | 2,
    bytes,
    hash: hashToHex(record.subarray(HASH_AT, SENDER_AT)),
    chainId: view.getFloat64(CHAIN_ID_AT),
    nonce: view.getBigUint64(NONCE_AT),
    gasLimit: view.getBigUint64(GAS_LIMIT_AT),
    maxFeePerGas: getWord(view, FEE_AT),
    maxPriorityFeePerGas: getWord(view, TIP_AT),
    to: record[3] === 0 ? undefined : addressAt(record, TO_AT),
    value: getWord(view, VALUE_AT),
    data: bytes.subarray(dataOffset, dataOffset + view.getUint32(DATA_SIZE_AT)),
    accessList: [],
    signingDigest: record.subarray(DIGEST_AT, SIGNATURE_AT),
    signature: record.subarray(SIGNATURE_AT, DATA_OFFSET_AT),
    recovery: record[2] as 0 | 1,
    lastHeight: undefined,
    sender: addressAt(record, SENDER_AT),
  };
}

function readComplex(records: Uint8Array, at: number, size: number): SignedTransaction {
  const decoded = decodeTransaction(records.slice(at + 25, at + 25 + size));
  assert(decoded.ok, 'a transaction that the worker has decoded was expected to decode again');
  return withSender(decoded.value, addressAt(records, at + 1));
}

function addressAt(bytes: Uint8Array, at: number): AddressHex {
  return addressToHex(bytes.subarray(at, at + 20));
}

function setWord(view: DataView, at: number, value: bigint): void {
  if (value < 1n << 64n) {
    view.setBigUint64(at + 24, value);
    return;
  }
  for (let i = 3, rest = value; i >= 0; i--, rest >>= 64n) view.setBigUint64(at + 8 * i, BigInt.asUintN(64, rest));
}

function getWord(view: DataView, at: number): bigint {
  const low = view.getBigUint64(at + 24);
  const isShort = view.getBigUint64(at + 16) === 0n && view.getBigUint64(at + 8) === 0n && view.getBigUint64(at) === 0n;
  if (isShort) return low;
  let value = 0n;
  for (let i = 0; i < 4; i++) value = (value << 64n) | view.getBigUint64(at + 8 * i);
  return value;
}

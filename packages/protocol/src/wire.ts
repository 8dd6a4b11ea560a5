/**
 * Frames of the three channels as protobuf (spec FMT-90). Decoders give a value or a reason, copy
 * every byte that they keep out of the frame, and check each count and each fixed length. Protobuf has many encodings of
 * one value, so nothing of it is ever hashed or signed.
 */

import {
  assert,
  bytesToHex,
  fail,
  fromHex,
  type HashHex,
  type Height,
  hashToHex,
  ok,
  type Result,
} from '@hansa/primitives';
import Long from 'long';
import { hansa } from '#gen/wire';
import type { Certificate } from './block.ts';
import { decodeCertificate, encodeCertificate } from './certificate-codec.ts';
import type { ProtocolErrorCode, ProtocolFailure } from './errors.ts';
import * as limits from './limits.ts';
import { decodeIncarnation, encodeIncarnation } from './pbft-codec.ts';
import type { IncarnationMessage } from './pbft-message.ts';
import { isWithinFieldCount } from './wire-scan.ts';

/** Raw transactions, original bytes. */
export type TransactionsFrame = { readonly transactions: readonly Uint8Array[] };

/** One certified block, each part in its canonical encoding. */
export type SyncBlock = { readonly header: Uint8Array; readonly body: Uint8Array; readonly certificate: Uint8Array };

/** A request, or the answer to one. */
export type SyncFrame = {
  /** u32, chosen by the one who asks. */
  readonly requestId: number;
  readonly request: { readonly fromHeight: number; readonly count: number } | undefined;
  /** `busy`: nothing is served now, ask later or somebody else. */
  readonly response: { readonly blocks: readonly SyncBlock[]; readonly busy: boolean } | undefined;
  /** Height, from 1: what did this block change of the state? (spec SYNC-14) */
  readonly changesRequest?: number;
  /** Canonical state changes, the answer to it. A frame with nothing but its id says that they are not to be had. */
  readonly changes?: Uint8Array;
};

/** Everything that travels on the consensus channel; any part may be empty. */
export type ConsensusFrame = {
  /** Canonical PBFT messages. */
  readonly messages: readonly Uint8Array[];
  /** "Store this and acknowledge it" (spec PBFT-T3). */
  readonly incarnations: readonly IncarnationMessage[];
  /** "It is on my disk." `instance`: 16 bytes as hex. */
  readonly incarnationsStored: readonly { readonly incarnation: number; readonly instance: string }[];
  /** "I hold this one of yours, which is not older." */
  readonly incarnationsHeld: readonly IncarnationMessage[];
  /** Nonces, 16 bytes as hex. */
  readonly finalHeightRequests: readonly string[];
  readonly finalHeights: readonly {
    readonly nonce: string;
    readonly height: Height;
    /** Undefined at height 0. */
    readonly certificate: Certificate | undefined;
  }[];
  readonly proposalRequests: readonly { readonly digest: HashHex; readonly heightMin: Height }[];
  /** Each a proposal and its ancestors, descending, canonical. */
  readonly proposalChains: readonly (readonly Uint8Array[])[];
  readonly transactionRequests: readonly HashHex[];
  /** Original bytes. */
  readonly transactions: readonly Uint8Array[];
};

export const EMPTY_CONSENSUS_FRAME: ConsensusFrame = {
  messages: [],
  incarnations: [],
  incarnationsStored: [],
  incarnationsHeld: [],
  finalHeightRequests: [],
  finalHeights: [],
  proposalRequests: [],
  proposalChains: [],
  transactionRequests: [],
  transactions: [],
};

const NONCE_SIZE = 16;
const HASH_SIZE = 32;
const CONSENSUS_FIELD_COUNT_MAX = 2 * limits.FRAME_TX_COUNT_MAX + limits.FRAME_MESSAGE_COUNT_MAX + 1_024;
const { ConsensusFrame: ConsensusWire, SyncFrame: SyncWire, TransactionsFrame: TransactionsWire } = hansa.wire;

export function encodeTransactionsFrame(frame: TransactionsFrame): Uint8Array {
  return plain(TransactionsWire.encode({ transactions: mutable(frame.transactions) }).finish());
}

export function decodeTransactionsFrame(bytes: Uint8Array): Result<TransactionsFrame, ProtocolFailure> {
  return decodeFrame(
    'transactions frame',
    bytes,
    limits.TRANSACTIONS_FRAME_SIZE_MAX,
    limits.FRAME_TX_COUNT_MAX,
    [],
    () => {
      const raw = TransactionsWire.decode(bytes);
      return { transactions: raw.transactions.map((tx) => copyBytes(tx, limits.TX_SIZE_MAX)) };
    },
  );
}

export function encodeSyncFrame(frame: SyncFrame): Uint8Array {
  const { requestId, request, response, changesRequest, changes } = frame;
  // protobufjs wraps what does not fit 32 bits without a word.
  assert(requestId === requestId >>> 0, `a request id of 32 bits was expected, got ${requestId}`);
  return plain(
    SyncWire.encode({
      requestId,
      ...(request === undefined ? {} : { request: { fromHeight: toLong(request.fromHeight), count: request.count } }),
      ...(response === undefined ? {} : { response: { blocks: mutable(response.blocks), busy: response.busy } }),
      ...(changesRequest === undefined ? {} : { changesRequest: toLong(changesRequest) }),
      ...(changes === undefined ? {} : { changes }),
    }).finish(),
  );
}

export function decodeSyncFrame(bytes: Uint8Array): Result<SyncFrame, ProtocolFailure> {
  const fieldCountMax = limits.SYNC_BLOCK_COUNT_MAX + 8;
  return decodeFrame('sync frame', bytes, limits.SYNC_FRAME_SIZE_MAX, fieldCountMax, [3], () => {
    const { requestId, request, response, changesRequest: asked, changes } = SyncWire.decode(bytes);
    const changesRequest = toNumber(asked);
    return {
      requestId,
      request:
        request == null
          ? undefined
          : {
              fromHeight: toNumber(request.fromHeight),
              count: atMost(present(request.count), limits.SYNC_BLOCK_COUNT_MAX),
            },
      response:
        response == null
          ? undefined
          : {
              blocks: capped(present(response.blocks), limits.SYNC_BLOCK_COUNT_MAX).map((block) => ({
                header: copyBytes(block.header, limits.HEADER_SIZE_MAX),
                body: copyBytes(block.body, limits.BODY_SIZE_MAX),
                certificate: copyBytes(block.certificate, limits.CERTIFICATE_SIZE_MAX),
              })),
              busy: present(response.busy),
            },
      ...(changesRequest === 0 ? {} : { changesRequest }),
      ...(changes.length === 0 ? {} : { changes: copyBytes(changes, limits.STATE_CHANGES_SIZE_MAX) }),
    };
  });
}

export function encodeConsensusFrame(frame: ConsensusFrame): Uint8Array {
  return plain(
    ConsensusWire.encode({
      messages: mutable(frame.messages),
      incarnations: frame.incarnations.map(encodeIncarnation),
      incarnationsStored: frame.incarnationsStored.map(({ incarnation, instance }) => ({
        incarnation: toLong(incarnation),
        instance: fromHex(instance),
      })),
      incarnationsHeld: frame.incarnationsHeld.map(encodeIncarnation),
      finalHeightRequests: frame.finalHeightRequests.map(fromHex),
      finalHeights: frame.finalHeights.map(({ nonce, height, certificate }) => ({
        nonce: fromHex(nonce),
        height: toLong(height),
        certificate: certificate === undefined ? new Uint8Array(0) : encodeCertificate(certificate),
      })),
      proposalRequests: frame.proposalRequests.map(({ digest, heightMin }) => ({
        digest: fromHex(digest),
        heightMin: toLong(heightMin),
      })),
      proposalChains: frame.proposalChains.map((proposals) => ({ proposals: mutable(proposals) })),
      transactionRequests: frame.transactionRequests.map(fromHex),
      transactions: mutable(frame.transactions),
    }).finish(),
  );
}

export function decodeConsensusFrame(bytes: Uint8Array): Result<ConsensusFrame, ProtocolFailure> {
  return decodeFrame('consensus frame', bytes, limits.CONSENSUS_FRAME_SIZE_MAX, CONSENSUS_FIELD_COUNT_MAX, [8], () => {
    const raw = ConsensusWire.decode(bytes);
    const few = limits.FRAME_STATEMENT_COUNT_MAX;
    return {
      messages: capped(raw.messages, limits.FRAME_MESSAGE_COUNT_MAX).map((message) =>
        copyBytes(message, limits.PBFT_MESSAGE_SIZE_MAX),
      ),
      incarnations: capped(raw.incarnations, few).map((statement) => inner(decodeIncarnation(statement))),
      incarnationsStored: capped(raw.incarnationsStored, few).map((stored) => ({
        incarnation: toNumber(stored.incarnation),
        instance: hexOf(stored.instance, NONCE_SIZE),
      })),
      incarnationsHeld: capped(raw.incarnationsHeld, few).map((statement) => inner(decodeIncarnation(statement))),
      finalHeightRequests: capped(raw.finalHeightRequests, few).map((nonce) => hexOf(nonce, NONCE_SIZE)),
      finalHeights: capped(raw.finalHeights, few).map((answer) => ({
        nonce: hexOf(answer.nonce, NONCE_SIZE),
        height: toNumber(answer.height) as Height,
        certificate: certificateOf(present(answer.certificate)),
      })),
      proposalRequests: capped(raw.proposalRequests, limits.FRAME_PROPOSAL_COUNT_MAX).map((request) => ({
        digest: toHash(request.digest),
        heightMin: toNumber(request.heightMin) as Height,
      })),
      proposalChains: capped(raw.proposalChains, limits.FRAME_PROPOSAL_COUNT_MAX).map((chain) =>
        capped(present(chain.proposals), limits.FRAME_PROPOSAL_COUNT_MAX).map((proposal) =>
          copyBytes(proposal, limits.PROPOSAL_SIZE_MAX),
        ),
      ),
      transactionRequests: capped(raw.transactionRequests, limits.FRAME_TX_COUNT_MAX).map(toHash),
      transactions: capped(raw.transactions, limits.FRAME_TX_COUNT_MAX).map((tx) => copyBytes(tx, limits.TX_SIZE_MAX)),
    };
  });
}

/** A fault within a frame; thrown and caught in this file, so that the decoders read straight through. */
class FrameFault {
  readonly code: ProtocolErrorCode;
  readonly message: string;
  constructor(code: ProtocolErrorCode, message: string) {
    this.code = code;
    this.message = message;
  }
}

/** protobufjs reports bad input by exceptions: this is the one place where they, and all others, become values. */
function decodeFrame<T>(
  what: string,
  bytes: Uint8Array,
  sizeMax: number,
  fieldCountMax: number,
  nested: readonly number[],
  read: () => T,
): Result<T, ProtocolFailure> {
  // spec FMT-91: sizes and counts first, then the content.
  if (bytes.length > sizeMax) {
    return fail({ code: 'PROTOCOL_LIMIT_EXCEEDED', message: `${what}: ${bytes.length} bytes are above ${sizeMax}` });
  }
  if (!isWithinFieldCount(bytes, fieldCountMax, { nested })) {
    return fail({
      code: 'PROTOCOL_FRAME_MALFORMED',
      message: `${what}: malformed, or more than ${fieldCountMax} items`,
    });
  }
  try {
    return ok(read());
  } catch (error) {
    if (error instanceof FrameFault) return fail({ code: error.code, message: `${what}: ${error.message}` });
    return fail({ code: 'PROTOCOL_FRAME_MALFORMED', message: `${what}: ${String(error)}` });
  }
}

function capped<T>(items: readonly T[], countMax: number): readonly T[] {
  if (items.length > countMax)
    throw new FrameFault('PROTOCOL_LIMIT_EXCEEDED', `${items.length} items, at most ${countMax}`);
  return items;
}

function atMost(value: number, max: number): number {
  if (value > max) throw new FrameFault('PROTOCOL_LIMIT_EXCEEDED', `${value} is above ${max}`);
  return value;
}

function inner<T>(result: Result<T, ProtocolFailure>): T {
  if (!result.ok) throw new FrameFault(result.error.code, result.error.message);
  return result.value;
}

/** Absent fields are defaults on the prototype; only the generated types of nested messages say that one may be missing. */
function present<T>(field: T | null | undefined): T {
  assert(field !== null && field !== undefined, 'a default was expected for an absent field, got none');
  return field;
}

/** A copy: what protobufjs gives is a view that would keep the whole frame alive (spec FMT-92). */
function copyBytes(bytes: Uint8Array | null | undefined, sizeMax: number): Uint8Array {
  const field = present(bytes);
  return new Uint8Array(sized(field, field.length <= sizeMax));
}

function hexOf(bytes: Uint8Array | null | undefined, size: number): string {
  const field = present(bytes);
  return bytesToHex(sized(field, field.length === size));
}

function toHash(bytes: Uint8Array | null | undefined): HashHex {
  const field = present(bytes);
  return hashToHex(sized(field, field.length === HASH_SIZE));
}

function certificateOf(bytes: Uint8Array): Certificate | undefined {
  return bytes.length === 0 ? undefined : inner(decodeCertificate(bytes));
}

function sized(bytes: Uint8Array, fits: boolean): Uint8Array {
  if (!fits) throw new FrameFault('PROTOCOL_OUT_OF_RANGE', `a field has a wrong length of ${bytes.length} bytes`);
  return bytes;
}

function toNumber(value: Long | number | null | undefined): number {
  assert(Long.isLong(value), 'a Long was expected for a field of 64 bits');
  const number = value.toNumber();
  if (!Number.isSafeInteger(number)) throw new FrameFault('PROTOCOL_OUT_OF_RANGE', 'a number is above 2^53 - 1');
  return number;
}

const toLong = (value: number): Long => Long.fromNumber(value, true);

/** protobufjs types its input as mutable; it does not change it. */
const mutable = <T>(items: readonly T[]): T[] => items as T[];

/** protobufjs gives a slice of a pooled Buffer; frames are kept and transferred, so they get memory of their own. */
const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);

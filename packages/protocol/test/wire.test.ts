/** FMT-90 to FMT-93: frames of the wire. */
import type { HashHex, Height } from '@hansa/primitives';
import * as protocol from '@hansa/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWithinFieldCount } from '../src/wire-scan.ts';
import * as arbitrary from './arbitrary.ts';

const few = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { maxLength: 3 });
const bytes = fc.uint8Array({ maxLength: 20 });
const height = arbitrary.natural as fc.Arbitrary<Height>;

const consensusFrame: fc.Arbitrary<protocol.ConsensusFrame> = fc.record({
  messages: few(bytes),
  incarnations: few(arbitrary.incarnation),
  incarnationsStored: few(fc.record({ incarnation: arbitrary.natural, instance: arbitrary.hex(16) })),
  incarnationsHeld: few(arbitrary.incarnation),
  finalHeightRequests: few(arbitrary.hex(16)),
  finalHeights: few(
    fc.record({ nonce: arbitrary.hex(16), height, certificate: fc.option(arbitrary.certificate, { nil: undefined }) }),
  ),
  proposalRequests: few(fc.record({ digest: arbitrary.hash, heightMin: height })),
  proposalChains: few(few(bytes)),
  transactionRequests: few(arbitrary.hash),
  transactions: few(bytes),
});
const syncFrame: fc.Arbitrary<protocol.SyncFrame> = fc.record({
  requestId: fc.integer({ min: 0, max: 0xffff_ffff }),
  request: fc.option(fc.record({ fromHeight: arbitrary.natural, count: fc.nat(128) }), { nil: undefined }),
  response: fc.option(
    fc.record({ blocks: few(fc.record({ header: bytes, body: bytes, certificate: bytes })), busy: fc.boolean() }),
    { nil: undefined },
  ),
});
/** SYNC-14: a question for the changes of a block, or the answer to it. */
const changesFrame: fc.Arbitrary<protocol.SyncFrame> = fc
  .oneof(
    fc.record({ changesRequest: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }) }),
    fc.record({ changes: fc.uint8Array({ minLength: 1, maxLength: 20 }) }),
  )
  .map((part) => ({ requestId: 7, request: undefined, response: undefined, ...part }));
const transactionsFrame: fc.Arbitrary<protocol.TransactionsFrame> = fc.record({ transactions: few(bytes) });

const FRAMES = [
  {
    name: 'consensus',
    values: consensusFrame,
    encode: protocol.encodeConsensusFrame,
    decode: protocol.decodeConsensusFrame,
  },
  { name: 'sync', values: syncFrame, encode: protocol.encodeSyncFrame, decode: protocol.decodeSyncFrame },
  { name: 'changes', values: changesFrame, encode: protocol.encodeSyncFrame, decode: protocol.decodeSyncFrame },
  {
    name: 'transactions',
    values: transactionsFrame,
    encode: protocol.encodeTransactionsFrame,
    decode: protocol.decodeTransactionsFrame,
  },
] as const;

for (const frame of FRAMES) {
  const { name, decode } = frame;
  const encode = frame.encode as (value: unknown) => Uint8Array;
  const values = frame.values as fc.Arbitrary<unknown>;
  describe(`${name} frame`, () => {
    it('FMT-90: decode after encode is the identity', () => {
      void fc.assert(
        fc.property(values, (value) => {
          expect(decode(encode(value))).toEqual({ ok: true, value });
        }),
      );
    });

    it('truncated, flipped and random bytes give a value or a reason', () => {
      void fc.assert(
        fc.property(values, fc.uint8Array({ maxLength: 60 }), (value, random) => {
          const whole = encode(value);
          for (let size = 0; size < whole.length; size += 7)
            expect(decode(whole.subarray(0, size))).toHaveProperty('ok');
          for (let bit = 0; bit < whole.length * 8; bit += 37) {
            const flipped = whole.slice();
            flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
            expect(decode(flipped)).toHaveProperty('ok');
          }
          expect(decode(random)).toHaveProperty('ok');
        }),
        { numRuns: 30 },
      );
    });

    it('FMT-92: what is decoded keeps nothing of the frame', () => {
      void fc.assert(
        fc.property(values, (value) => {
          const borrowed = Buffer.from(encode(value));
          const result = decode(borrowed);
          borrowed.fill(0xee);
          expect(result).toEqual({ ok: true, value });
        }),
        { numRuns: 30 },
      );
    });

    it('an empty frame is one', () => {
      expect(decode(new Uint8Array(0)).ok).toBe(true);
    });
  });
}

const codeOf = (result: { readonly ok: boolean; readonly error?: { readonly code: string } }): string | undefined =>
  result.error?.code;
const consensus = (change: Partial<protocol.ConsensusFrame>): string | undefined =>
  codeOf(
    protocol.decodeConsensusFrame(protocol.encodeConsensusFrame({ ...protocol.EMPTY_CONSENSUS_FRAME, ...change })),
  );

describe('FMT-91: limits', () => {
  it('frames above their size are refused unread', () => {
    expect(codeOf(protocol.decodeTransactionsFrame(new Uint8Array(protocol.TRANSACTIONS_FRAME_SIZE_MAX + 1)))).toBe(
      'PROTOCOL_LIMIT_EXCEEDED',
    );
    expect(codeOf(protocol.decodeConsensusFrame(new Uint8Array(protocol.CONSENSUS_FRAME_SIZE_MAX + 1)))).toBe(
      'PROTOCOL_LIMIT_EXCEEDED',
    );
    expect(codeOf(protocol.decodeSyncFrame(new Uint8Array(protocol.SYNC_FRAME_SIZE_MAX + 1)))).toBe(
      'PROTOCOL_LIMIT_EXCEEDED',
    );
  });

  it('a flood of empty items is refused before an object is made for each', () => {
    const empty = (tag: number, count: number): Uint8Array =>
      Uint8Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? tag : 0));
    const tag = (field: number): number => field * 8 + 2;
    expect(protocol.decodeTransactionsFrame(empty(tag(1), protocol.FRAME_TX_COUNT_MAX)).ok).toBe(true);
    expect(codeOf(protocol.decodeTransactionsFrame(empty(tag(1), protocol.FRAME_TX_COUNT_MAX + 1)))).toBe(
      'PROTOCOL_FRAME_MALFORMED',
    );
    expect(codeOf(protocol.decodeConsensusFrame(empty(tag(1), 500_000)))).toBe('PROTOCOL_FRAME_MALFORMED');
    // Blocks within the response, one level down.
    const inner = empty(tag(1), 300);
    const outer = Uint8Array.of(tag(3), 0xd8, 0x04, ...inner);
    expect(inner.length).toBe(0x58 + 4 * 128);
    expect(codeOf(protocol.decodeSyncFrame(outer))).toBe('PROTOCOL_FRAME_MALFORMED');
  });

  it('each list has its maximum', () => {
    const message = Uint8Array.of(1);
    expect(consensus({ messages: Array(protocol.FRAME_MESSAGE_COUNT_MAX).fill(message) })).toBeUndefined();
    expect(consensus({ messages: Array(protocol.FRAME_MESSAGE_COUNT_MAX + 1).fill(message) })).toBe(
      'PROTOCOL_LIMIT_EXCEEDED',
    );
    expect(consensus({ finalHeightRequests: Array(16).fill('ab'.repeat(16)) })).toBeUndefined();
    expect(consensus({ finalHeightRequests: Array(17).fill('ab'.repeat(16)) })).toBe('PROTOCOL_LIMIT_EXCEEDED');
    expect(consensus({ proposalChains: [Array(65).fill(message)] })).toBe('PROTOCOL_LIMIT_EXCEEDED');
    const request = (count: number) =>
      protocol.decodeSyncFrame(
        protocol.encodeSyncFrame({ requestId: 1, request: { fromHeight: 1, count }, response: undefined }),
      );
    expect([request(128).ok, codeOf(request(129))]).toEqual([true, 'PROTOCOL_LIMIT_EXCEEDED']);
  });

  it('a transaction above its maximum is refused', () => {
    const frame = (size: number) =>
      codeOf(
        protocol.decodeTransactionsFrame(protocol.encodeTransactionsFrame({ transactions: [new Uint8Array(size)] })),
      );
    expect([frame(protocol.TX_SIZE_MAX), frame(protocol.TX_SIZE_MAX + 1)]).toEqual([
      undefined,
      'PROTOCOL_OUT_OF_RANGE',
    ]);
  });

  it('hashes, nonces and statements have their exact length', () => {
    expect(consensus({ transactionRequests: ['ab'.repeat(31) as HashHex] })).toBe('PROTOCOL_OUT_OF_RANGE');
    expect(consensus({ finalHeightRequests: ['ab'.repeat(17)] })).toBe('PROTOCOL_OUT_OF_RANGE');
    expect(consensus({ proposalRequests: [{ digest: '' as HashHex, heightMin: 1 as Height }] })).toBe(
      'PROTOCOL_OUT_OF_RANGE',
    );
    // An incarnation statement of no bytes.
    expect(codeOf(protocol.decodeConsensusFrame(Uint8Array.of(2 * 8 + 2, 0)))).toBe('PROTOCOL_TRUNCATED');
  });

  it('numbers above 2^53 - 1 are refused', () => {
    // request { from_height: 2^63 }
    const varint = [...Array(9).fill(0x80), 0x01];
    const bytesOf = Uint8Array.of(2 * 8 + 2, 11, 1 * 8, ...varint);
    expect(codeOf(protocol.decodeSyncFrame(bytesOf))).toBe('PROTOCOL_OUT_OF_RANGE');
  });

  it('own numbers that do not fit stop', () => {
    expect(() => protocol.encodeSyncFrame({ requestId: 2 ** 32, request: undefined, response: undefined })).toThrow(
      /32 bits/,
    );
  });
});

it('FMT-90: other encodings of a frame are the same frame, which is why nothing of it is hashed or signed', () => {
  // request_id 300 and the answer "busy", in another order, with a longer varint and a default that is written out.
  const usual = protocol.encodeSyncFrame({ requestId: 300, request: undefined, response: { blocks: [], busy: true } });
  const other = Uint8Array.of(3 * 8 + 2, 4, 2 * 8, 0, 2 * 8, 1, 1 * 8, 0xac, 0x82, 0);
  expect(other).not.toEqual(usual);
  expect(protocol.decodeSyncFrame(other)).toEqual(protocol.decodeSyncFrame(usual));
});

it('FMT-93: unknown fields are skipped, so that a later version can add one', () => {
  const known = protocol.encodeTransactionsFrame({ transactions: [Uint8Array.of(1)] });
  const later = Uint8Array.of(...known, 15 * 8, 7, 14 * 8 + 2, 2, 9, 9);
  expect(protocol.decodeTransactionsFrame(later)).toEqual({ ok: true, value: { transactions: [Uint8Array.of(1)] } });
});

describe('the scan before decoding', () => {
  const cases: readonly (readonly [name: string, bytes: readonly number[], countMax: number, expected: boolean])[] = [
    ['nothing', [], 0, true],
    ['one field at a limit of one', [0x08, 0x01], 1, true],
    ['two fields at a limit of one', [0x08, 0x01, 0x08, 0x01], 1, false],
    ['fixed widths', [0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x0d, 1, 2, 3, 4], 2, true],
    ['a cut fixed width', [0x0d, 1, 2, 3], 2, false],
    ['a length behind the end', [0x0a, 0x05, 1, 2], 2, false],
    ['a varint without end', Array(20).fill(0x80), 5, false],
    ['a length of ten bytes', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], 5, false],
    ['a group', [0x0b, 0x0c], 5, false],
  ];
  for (const [name, input, countMax, expected] of cases) {
    it(name, () => expect(isWithinFieldCount(Uint8Array.from(input), countMax)).toBe(expected));
  }
});

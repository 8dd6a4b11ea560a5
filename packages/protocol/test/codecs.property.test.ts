/** FMT-1, FMT-2: every canonical format keeps its values, and every byte string is one value or an error. */
import { standardSuite } from '@hansa/crypto';
import { bytesToHex, type Result } from '@hansa/primitives';
import * as protocol from '@hansa/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as arbitrary from './arbitrary.ts';

type Format<T> = {
  readonly name: string;
  readonly values: fc.Arbitrary<T>;
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => Result<T, protocol.ProtocolFailure>;
};

const format = <T>(
  name: string,
  values: fc.Arbitrary<T>,
  encode: Format<T>['encode'],
  decode: Format<T>['decode'],
): Format<unknown> => ({ name, values, encode, decode }) as unknown as Format<unknown>;

const FORMATS: readonly Format<unknown>[] = [
  format('FMT-30 proposal', arbitrary.proposal, protocol.encodeProposal, protocol.decodeProposal),
  format('FMT-31 header', arbitrary.header, protocol.encodeHeader, protocol.decodeHeader),
  format('FMT-32 body', arbitrary.body, protocol.encodeBody, protocol.decodeBody),
  format('FMT-33 receipt', arbitrary.receipt, protocol.encodeReceipt, protocol.decodeReceipt),
  format('FMT-42 certificate', arbitrary.certificate, protocol.encodeCertificate, protocol.decodeCertificate),
  format('FMT-40 validator set', arbitrary.validators, protocol.encodeValidatorSet, protocol.decodeValidatorSet),
  format('FMT-45 chain parameters', arbitrary.parameters, protocol.encodeParameters, protocol.decodeParameters),
  format('FMT-51 term', arbitrary.termInfo, protocol.encodeTermInfo, protocol.decodeTermInfo),
  format('FMT-50 account', arbitrary.account, protocol.encodeAccount, protocol.decodeAccount),
  format(
    'FMT-62 vote certificate',
    arbitrary.voteCertificate,
    protocol.encodeVoteCertificate,
    protocol.decodeVoteCertificate,
  ),
  format('FMT-70 incarnation', arbitrary.incarnation, protocol.encodeIncarnation, protocol.decodeIncarnation),
  format('FMT-80 genesis', arbitrary.genesis, protocol.encodeGenesis, protocol.decodeGenesis),
  format('FMT-60 to FMT-69 consensus message', arbitrary.pbftMessage, protocol.encodePbftMessage, (bytes) =>
    protocol.decodePbftMessage(standardSuite, bytes),
  ),
];

const BASE = 0x1_0000_0000;

for (const { name, values, encode, decode } of FORMATS) {
  describe(name, () => {
    it('decode after encode is the identity', () => {
      void fc.assert(
        fc.property(values, (value) => {
          expect(decode(encode(value))).toEqual({ ok: true, value });
        }),
        { numRuns: 40 },
      );
    });

    it('every truncation is an error, and so is every byte too many', () => {
      void fc.assert(
        fc.property(values, fc.nat(255), (value, extra) => {
          const bytes = encode(value);
          const step = Math.max(1, Math.floor(bytes.length / 150));
          for (let size = 0; size < bytes.length; size += step) expect(decode(bytes.subarray(0, size)).ok).toBe(false);
          expect(decode(bytes.subarray(0, bytes.length - 1)).ok).toBe(false);
          expect(decode(Uint8Array.of(...bytes, extra)).ok).toBe(false);
        }),
        { numRuns: 6 },
      );
    });

    it('every flipped bit is an error, or another value with exactly these bytes', () => {
      void fc.assert(
        fc.property(values, fc.nat(BASE), (value, seed) => {
          const bytes = encode(value);
          const step = Math.max(1, Math.floor((bytes.length * 8) / 400));
          for (let bit = seed % step; bit < bytes.length * 8; bit += step) {
            const flipped = bytes.slice();
            flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
            const result = decode(flipped);
            if (!result.ok) expect(result.error.code).toMatch(/^PROTOCOL_/);
            else expect(bytesToHex(encode(result.value))).toBe(bytesToHex(flipped));
          }
        }),
        { numRuns: 6 },
      );
    });

    it('random bytes never throw', () => {
      void fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
          const result = decode(bytes);
          if (result.ok) expect(bytesToHex(encode(result.value))).toBe(bytesToHex(bytes));
        }),
        { numRuns: 60 },
      );
    });

    it('what is decoded keeps nothing of the bytes that it came from', () => {
      void fc.assert(
        fc.property(values, (value) => {
          const bytes = encode(value);
          // A Buffer, as databases and sockets give it: its slice is a view.
          const result = decode(Buffer.from(bytes));
          const borrowed = Buffer.from(bytes);
          const second = decode(borrowed);
          borrowed.fill(0xee);
          expect(second).toEqual(result);
        }),
        { numRuns: 10 },
      );
    });
  });
}

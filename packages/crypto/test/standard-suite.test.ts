import { createHash } from 'node:crypto';
import { standardSuite as suite, suiteByName } from '@hansa/crypto';
import { bytesToHex, concatBytes, fromHex, type HashHex, InvariantError, type NodeId } from '@hansa/primitives';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { describe, expect, it } from 'vitest';
import { nobleCurve } from '../src/curve-engine.ts';
import { nodePairs } from '../src/engines.ts';
import { createStandardSuite } from '../src/standard-suite.ts';

const ORDER = secp256k1.Point.Fn.ORDER;
const key = fromHex('11'.repeat(32));
const nodeId = suite.nodeIdOf(key);
const digest = suite.taggedDigest('hansa/test/v1', Uint8Array.of(1, 2, 3));
const word = (value: bigint): string => value.toString(16).padStart(64, '0');

it('FMT-4: a tagged digest is H(u8 length ‖ tag ‖ bytes), from short inputs and long ones', () => {
  for (const size of [0, 1, 4000, 4095, 4096, 10_000]) {
    const bytes = new Uint8Array(size).fill(7);
    const tag = 'hansa/test/v1';
    const expected = createHash('sha256').update(Uint8Array.of(tag.length)).update(tag).update(bytes).digest('hex');
    expect(suite.taggedDigest(tag, bytes)).toBe(expected);
  }
});

it('FMT-4: the tag is part of the digest and cannot run over into the bytes', () => {
  expect(suite.taggedDigest('ab', Uint8Array.of(99))).not.toBe(suite.taggedDigest('abc', new Uint8Array(0)));
  for (const tag of ['', 'x'.repeat(256), 'ä'])
    expect(() => suite.taggedDigest(tag, new Uint8Array(0))).toThrow(InvariantError);
});

it('digest is SHA-256 (FIPS 180-4 example) and a plain Uint8Array of its own', () => {
  const out = suite.digest(new TextEncoder().encode('abc'));
  expect(bytesToHex(out)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(out.constructor).toBe(Uint8Array);
  expect(out.buffer.byteLength).toBe(32);
});

describe('FMT-6: the rules are our own, whatever a library accepts', () => {
  const lenient = createStandardSuite({ curve: { ...nobleCurve, verify: () => true }, pairs: nodePairs });
  const s = (value: bigint): Uint8Array => fromHex(`${word(1n)}${word(value)}`);
  it('s up to half of the order, r and s from 1 to the order minus 1', () => {
    expect([ORDER / 2n, ORDER / 2n + 1n, ORDER - 1n].map((value) => lenient.verify(digest, s(value), nodeId))).toEqual([
      true,
      false,
      false,
    ]);
    for (const bad of [
      `${word(0n)}${word(1n)}`,
      `${word(ORDER)}${word(1n)}`,
      `${word(1n)}${word(0n)}`,
      word(1n),
      `${word(1n)}${word(1n)}00`,
    ]) {
      expect(lenient.verify(digest, fromHex(bad), nodeId), bad).toBe(false);
    }
  });
});

describe('signatures', () => {
  const signature = suite.sign(digest, key);

  it('verifies its own, and nothing else', () => {
    expect(signature.length).toBe(64);
    expect(suite.verify(digest, signature, nodeId)).toBe(true);
    expect(suite.verify(suite.taggedDigest('hansa/other/v1', Uint8Array.of(1, 2, 3)), signature, nodeId)).toBe(false);
    expect(suite.verify(digest, signature, suite.nodeIdOf(fromHex('22'.repeat(32))))).toBe(false);
    for (let bit = 0; bit < 512; bit += 5) {
      const flipped = signature.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(suite.verify(digest, flipped, nodeId)).toBe(false);
    }
  });

  it('is deterministic (RFC 6979)', () => {
    expect(suite.sign(digest, key)).toEqual(signature);
  });

  it('FMT-6: the equivalent high-s signature is refused', () => {
    const s = BigInt(`0x${bytesToHex(signature.subarray(32))}`);
    const high = concatBytes(signature.subarray(0, 32), fromHex(word(ORDER - s)));
    // It is a good signature for a library that does not care.
    expect(secp256k1.verify(high, fromHex(digest), fromHex(`04${nodeId}`), { prehash: false, lowS: false })).toBe(true);
    expect(suite.verify(digest, high, nodeId)).toBe(false);
  });

  it('values out of range and wrong lengths are wrong signatures, never a throw', () => {
    const r = bytesToHex(signature.subarray(0, 32));
    const s = bytesToHex(signature.subarray(32));
    const cases = [
      '',
      r,
      `${r}${s}00`,
      `${word(0n)}${s}`,
      `${r}${word(0n)}`,
      `${word(ORDER)}${s}`,
      `${r}${word(ORDER)}`,
      'ff'.repeat(64),
    ];
    for (const text of cases) expect(suite.verify(digest, fromHex(text), nodeId), text).toBe(false);
  });

  it('FMT-5: a node id that is no point is never the signer', () => {
    for (const id of ['', 'zz', '00'.repeat(64), 'ff'.repeat(64), nodeId.toUpperCase()]) {
      expect(suite.verify(digest, signature, id as NodeId)).toBe(false);
      expect(suite.isValidNodeId(id)).toBe(false);
    }
    expect(suite.isValidNodeId(nodeId)).toBe(true);
  });

  it('a malformed digest verifies nothing', () => {
    expect(suite.verify('00' as HashHex, signature, nodeId)).toBe(false);
  });
});

it('FMT-5: private keys are numbers from 1 to the order minus 1', () => {
  expect(suite.isValidPrivateKey(suite.generateKey())).toBe(true);
  expect(suite.isValidPrivateKey(fromHex(word(ORDER - 1n)))).toBe(true);
  for (const bad of [word(0n), word(ORDER), 'ff'.repeat(32), '11'.repeat(31), '11'.repeat(33)]) {
    expect(suite.isValidPrivateKey(fromHex(bad)), bad).toBe(false);
    expect(() => suite.sign(digest, fromHex(bad))).toThrow(InvariantError);
    expect(() => suite.nodeIdOf(fromHex(bad))).toThrow(InvariantError);
  }
});

it('two generated keys differ', () => {
  expect(bytesToHex(suite.generateKey())).not.toBe(bytesToHex(suite.generateKey()));
});

it('digestPairs wants whole pairs', () => {
  expect(() => suite.digestPairs(new Uint8Array(63))).toThrow(InvariantError);
  expect(suite.digestPairs(new Uint8Array(0))).toEqual(new Uint8Array(0));
});

it('suiteByName knows what this program has', () => {
  expect(suiteByName('standard')).toBe(suite);
  expect(suiteByName('sm')).toBeUndefined();
  expect(suiteByName('toString')).toBeUndefined();
});

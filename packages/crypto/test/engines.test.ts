import { createHash, randomBytes } from 'node:crypto';
import { engineReport, ethereumCrypto, initCrypto } from '@hansa/crypto';
import { bytesToHex } from '@hansa/primitives';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { describe, expect, it } from 'vitest';
import { loadNativeCurve, nobleCurve } from '../src/curve-engine.ts';
import { loadHashtreePairs, nodePairs } from '../src/engines.ts';
import { createEthereumCrypto } from '../src/ethereum-crypto.ts';
import { createStandardSuite } from '../src/standard-suite.ts';

const native = loadNativeCurve();
const COMPARISON_COUNT = 1_000;

/** Repeatable inputs: a failure can be looked at again. */
function sequence(label: string, index: number): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(`${label}/${index}`).digest());
}

describe.runIf(native.engine !== undefined)('native and noble are the same function', () => {
  const fast = native.engine as NonNullable<typeof native.engine>;

  it(`${COMPARISON_COUNT} keys and digests: public key, signature, verification and recovery agree`, () => {
    for (let i = 0; i < COMPARISON_COUNT; i++) {
      const key = sequence('key', i);
      const digest = sequence('digest', i);
      const signed = fast.sign(digest, key);
      const publicKey = fast.publicKeyOf(key);
      expect(nobleCurve.sign(digest, key)).toEqual(signed);
      // The slow engine's public operations take turns, so that a thousand stay below a few seconds.
      if (i % 4 === 0) expect(bytesToHex(nobleCurve.publicKeyOf(key))).toBe(bytesToHex(publicKey));
      expect(fast.verify(digest, signed.signature, publicKey)).toBe(true);
      expect(fast.recover(digest, signed.signature, signed.recovery)).toEqual(publicKey);
      if (i % 4 === 1) expect(nobleCurve.verify(digest, signed.signature, publicKey)).toBe(true);
      if (i % 4 === 2) expect(nobleCurve.recover(digest, signed.signature, signed.recovery)).toEqual(publicKey);
      if (i % 4 === 3) {
        const other = sequence('other', i);
        expect([fast, nobleCurve].map((engine) => engine.verify(other, signed.signature, publicKey))).toEqual([
          false,
          false,
        ]);
      }
    }
  });

  it('random r and s of right range recover to the same key, or to none, in both', () => {
    for (let i = 0; i < 50; i++) {
      const signature = new Uint8Array([...sequence('r', i), ...sequence('s', i)]);
      const digest = sequence('d', i);
      const recovery = (i % 2) as 0 | 1;
      const [a, b] = [fast, nobleCurve].map((engine) => engine.recover(digest, signature, recovery));
      expect(a === undefined ? undefined : bytesToHex(a)).toBe(b === undefined ? undefined : bytesToHex(b));
    }
  });

  it('both refuse points that are none', () => {
    for (const engine of [fast, nobleCurve]) {
      for (const bad of [new Uint8Array(65), new Uint8Array(65).fill(4)]) {
        expect(engine.isPublicKey(bad)).toBe(false);
        expect(engine.verify(sequence('d', 0), new Uint8Array(64).fill(1), bad)).toBe(false);
      }
    }
  });
});

it('without the native addon the suite works by noble, and the report would say why', () => {
  const missing = loadNativeCurve(() => {
    throw new Error('no native build was found\nwith a list of places');
  });
  expect(missing).toEqual({ engine: undefined, reason: 'no native build was found' });
  const slow = createStandardSuite({ curve: nobleCurve, pairs: nodePairs });
  const key = sequence('key', 1);
  const digest = slow.taggedDigest('hansa/test/v1', Uint8Array.of(1));
  expect(slow.verify(digest, slow.sign(digest, key), slow.nodeIdOf(key))).toBe(true);
  const ethereum = createEthereumCrypto(nobleCurve);
  const signed = ethereum.signDigest(sequence('digest', 1), key);
  expect(ethereum.recoverAddress(sequence('digest', 1), signed.signature, signed.recovery)).toBe(
    ethereumCrypto.addressOfKey(key),
  );
});

describe('Merkle pairs', () => {
  const hashtree = loadHashtreePairs();
  const expected = (pairs: Uint8Array): string => {
    let text = '';
    for (let at = 0; at < pairs.length; at += 64)
      text += createHash('sha256')
        .update(pairs.subarray(at, at + 64))
        .digest('hex');
    return text;
  };
  for (const engine of [nodePairs, ...(hashtree.engine === undefined ? [] : [hashtree.engine])]) {
    it(`${engine.name} gives SHA-256 of each 64 bytes`, () => {
      for (const count of [0, 1, 2, 3, 7, 16, 33, 257]) {
        const pairs = new Uint8Array(randomBytes(64 * count));
        expect(bytesToHex(engine.digestPairs(pairs))).toBe(expected(pairs));
      }
      // A view that does not begin its buffer.
      const shifted = new Uint8Array(randomBytes(64 * 4 + 3)).subarray(3);
      expect(bytesToHex(engine.digestPairs(shifted))).toBe(expected(shifted));
    });
  }

  it('a missing addon is a reason, not a throw', () => {
    const missing = loadHashtreePairs(() => {
      throw new Error('Cannot find module');
    });
    expect(missing).toEqual({ engine: undefined, reason: 'Cannot find module' });
  });
});

describe('Keccak-256', () => {
  const inputs = [0, 1, 31, 32, 135, 136, 137, 272, 1000].map((size) => new Uint8Array(size).fill(size & 0xff));

  it('is right before initCrypto, by noble', () => {
    if (engineReport().keccak === 'noble') expect(engineReport().warnings.join()).toContain('initCrypto');
    for (const input of inputs) expect(ethereumCrypto.keccak256(input)).toEqual(keccak_256(input));
  });

  it('is the same after it, by WebAssembly, and initCrypto may be called again', async () => {
    await initCrypto();
    await initCrypto();
    expect(engineReport().keccak).toBe('wasm');
    for (const input of inputs) expect(ethereumCrypto.keccak256(input)).toEqual(keccak_256(input));
    // Results belong to the caller: a later call does not change an earlier one.
    const first = ethereumCrypto.keccak256(Uint8Array.of(1));
    const before = bytesToHex(first);
    ethereumCrypto.keccak256(Uint8Array.of(2));
    expect(bytesToHex(first)).toBe(before);
    expect(bytesToHex(ethereumCrypto.keccak256(new Uint8Array(0)))).toBe(
      'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
    );
  });
});

it('the report names an engine for each part', () => {
  const report = engineReport();
  expect(['native', 'noble']).toContain(report.signatures);
  expect(['hashtree', 'node']).toContain(report.pairs);
  expect(report.digest).toBe('node');
});

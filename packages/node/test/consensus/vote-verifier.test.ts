import { initCrypto, standardSuite as suite } from '@hansa/crypto';
import { ok } from '@hansa/primitives';
import { beforeAll, expect, test } from 'vitest';
import { createVoteVerifier } from '../../src/consensus/vote-verifier.ts';
import type { SignatureCheck } from '../../src/workers/verify-types.ts';

beforeAll(initCrypto);
const key = new Uint8Array(32).fill(7);
const checkOf = (text: string, isRight = true): SignatureCheck => {
  const digest = suite.taggedDigest('hansa/test/v1', new TextEncoder().encode(text));
  const signed = isRight ? digest : suite.taggedDigest('hansa/test/v1', new Uint8Array(1));
  return { digest, signature: suite.sign(signed, key), nodeId: suite.nodeIdOf(key) };
};

function world() {
  const sizes: number[] = [];
  const verifier = createVoteVerifier({
    suite,
    worker: {
      verifySignatures: async (checks) => {
        sizes.push(checks.length);
        return ok(checks.map(() => true));
      },
    },
    onFatal: (error) => {
      throw error;
    },
  });
  return { verifier, sizes };
}

test('a few signatures are checked at once, each for itself', () => {
  const { verifier, sizes } = world();
  let valid: readonly boolean[] | undefined;
  const short = { ...checkOf('c'), signature: new Uint8Array(63) };
  verifier.verify([checkOf('a'), checkOf('b', false), short], (answer) => {
    valid = answer;
  });
  expect(valid).toEqual([true, false, false]);
  expect(sizes).toEqual([]);
});

test('many go to the worker', async () => {
  const { verifier, sizes } = world();
  const checks = Array.from({ length: 9 }, (_, i) => checkOf(String(i)));
  const valid = await new Promise((resolve) => verifier.verify(checks, resolve));
  expect(valid).toHaveLength(9);
  expect(sizes).toEqual([9]);
});

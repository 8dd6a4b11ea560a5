import { createHash } from 'node:crypto';
import { standardSuite } from '@hansa/crypto';
import type { HashHex } from '@hansa/primitives';
import { prevRandao } from '@hansa/protocol';
import { expect, it } from 'vitest';

it('EXE-20: PREVRANDAO is the tagged digest of parent hash and height, and so the same for everybody', () => {
  const parentHash = 'ab'.repeat(32) as HashHex;
  const preimage = Buffer.concat([
    Buffer.of(15),
    Buffer.from('hansa/randao/v1'),
    Buffer.from(parentHash, 'hex'),
    Buffer.from('0000000000000201', 'hex'),
  ]);
  expect(prevRandao(standardSuite, parentHash, 513)).toBe(createHash('sha256').update(preimage).digest('hex'));
});

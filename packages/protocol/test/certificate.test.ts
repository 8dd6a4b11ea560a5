/** FMT-41 to FMT-44: quorums and certificates. */
import { standardSuite as suite } from '@hansa/crypto';
import {
  compareText,
  concatBytes,
  fromHex,
  type HashHex,
  type Height,
  type Term,
  type ValidatorIndex,
} from '@hansa/primitives';
import {
  type Certificate,
  certificateDigest,
  decodeCertificate,
  encodeCertificate,
  maxFaultyWeight,
  quorumWeight,
  type ValidatorSet,
  verifyCertificate,
} from '@hansa/protocol';
import { describe, expect, it } from 'vitest';

const genesisHash = 'aa'.repeat(32) as HashHex;
const blockHash = 'bb'.repeat(32) as HashHex;
const term = 3 as Term;
const height = 700 as Height;

const keys = [1, 2, 3, 4, 5]
  .map((n) => new Uint8Array(32).fill(n))
  .sort((a, b) => compareText(suite.nodeIdOf(a), suite.nodeIdOf(b)));
const outsider = keys.pop() as Uint8Array;
const validatorsOf = (weights: readonly number[]): ValidatorSet =>
  weights.map((weight, i) => ({ nodeId: suite.nodeIdOf(keys[i] as Uint8Array), weight, organisationId: `org${i}` }));
const validators = validatorsOf([1, 1, 1, 1]);
const digest = certificateDigest(suite, { genesisHash, term, height, blockHash });
const sign = (i: number, over: HashHex = digest) => ({
  index: i as ValidatorIndex,
  signature: suite.sign(over, keys[i] as Uint8Array),
});
const certificateOf = (...indices: number[]): Certificate => ({
  height,
  blockHash,
  signatures: indices.map((i) => sign(i)),
});
const codeOf = (
  certificate: Certificate,
  change: { readonly validators?: ValidatorSet; readonly term?: Term; readonly genesisHash?: HashHex } = {},
) => {
  const result = verifyCertificate(suite, { genesisHash, term, validators, ...change, certificate });
  return result.ok ? 'good' : result.error.code.replace('PROTOCOL_CERTIFICATE_', '');
};

it('FMT-41: quorums of N = 1…7 and the two properties that they must have', () => {
  expect([1, 2, 3, 4, 5, 6, 7].map(quorumWeight)).toEqual([1, 2, 2, 3, 4, 4, 5]);
  expect([1, 2, 3, 4, 5, 6, 7].map(maxFaultyWeight)).toEqual([0, 0, 0, 1, 1, 1, 2]);
  for (let total = 1; total < 2_000; total++) {
    const [q, f] = [quorumWeight(total), maxFaultyWeight(total)];
    // Two quorums share more than the faulty weight, and the honest alone are a quorum.
    expect(2 * q - total).toBeGreaterThan(f);
    expect(total - f).toBeGreaterThanOrEqual(q);
  }
  expect(() => quorumWeight(0)).toThrow(/total weight/);
});

it('FMT-43: the digest is H(tag ‖ genesis hash ‖ u64 term ‖ u64 height ‖ block hash)', () => {
  const bytes = concatBytes(
    fromHex(genesisHash),
    fromHex(`${'0'.repeat(15)}3`),
    fromHex(`${'0'.repeat(13)}2bc`),
    fromHex(blockHash),
  );
  expect(digest).toBe(suite.taggedDigest('hansa/pbft-result/v1', bytes));
});

describe('FMT-44: a certificate proves a block when', () => {
  it('a quorum signed it', () => {
    for (const indices of [
      [0, 1, 2],
      [1, 2, 3],
      [0, 1, 2, 3],
    ])
      expect(codeOf(certificateOf(...indices))).toBe('good');
  });

  it('one signature too few is none, and neither is an empty one', () => {
    expect(codeOf(certificateOf(0, 1))).toBe('NO_QUORUM');
    expect(codeOf(certificateOf())).toBe('NO_QUORUM');
    expect(codeOf(certificateOf(0, 1, 2), { validators: [] })).toBe('UNKNOWN_SIGNER');
    expect(codeOf(certificateOf(), { validators: [] })).toBe('NO_QUORUM');
  });

  it('weights count, not heads', () => {
    // N = 6, F = 1, q = 4.
    const weighted = validatorsOf([3, 1, 1, 1]);
    expect(codeOf(certificateOf(0, 1), { validators: weighted })).toBe('good');
    expect(codeOf(certificateOf(1, 2, 3), { validators: weighted })).toBe('NO_QUORUM');
  });

  it('signers ascend and come once', () => {
    expect(codeOf(certificateOf(0, 2, 1))).toBe('ORDER');
    expect(codeOf(certificateOf(0, 1, 1))).toBe('ORDER');
  });

  it('signers are members', () => {
    const stranger = { index: 4 as ValidatorIndex, signature: suite.sign(digest, outsider) };
    expect(codeOf({ height, blockHash, signatures: [sign(0), sign(1), sign(2), stranger] })).toBe('UNKNOWN_SIGNER');
    const disguised = { index: 2 as ValidatorIndex, signature: stranger.signature };
    expect(codeOf({ height, blockHash, signatures: [sign(0), sign(1), disguised] })).toBe('BAD_SIGNATURE');
  });

  it('one wrong signature spoils it, even beside a quorum of good ones', () => {
    const wrong = sign(3, 'cc'.repeat(32) as HashHex);
    expect(codeOf({ height, blockHash, signatures: [sign(0), sign(1), sign(2), wrong] })).toBe('BAD_SIGNATURE');
  });

  it('it is for this block, height, term and chain', () => {
    const good = certificateOf(0, 1, 2);
    expect(codeOf({ ...good, height: (height + 1) as Height })).toBe('BAD_SIGNATURE');
    expect(codeOf({ ...good, blockHash: genesisHash })).toBe('BAD_SIGNATURE');
    expect(codeOf(good, { term: 4 as Term })).toBe('BAD_SIGNATURE');
    expect(codeOf(good, { genesisHash: blockHash })).toBe('BAD_SIGNATURE');
  });
});

it('FMT-42: bytes with signers out of order are refused by the decoder', () => {
  for (const indices of [
    [1, 0],
    [2, 2],
  ]) {
    const result = decodeCertificate(encodeCertificate(certificateOf(...indices)));
    expect(result.ok ? undefined : result.error.code).toBe('PROTOCOL_NOT_CANONICAL');
  }
});

import { initCrypto, standardSuite as suite } from '@hansa/crypto';
import {
  type HashHex,
  type Height,
  hexToBytes,
  type Term,
  toHashHex,
  type ValidatorIndex,
  type View,
  ZERO_HASH,
} from '@hansa/primitives';
import {
  type BlockBody,
  type BlockHeader,
  blockHash,
  type CertifiedBlock,
  certificateDigest,
  decodeTransaction,
  encodeSignedTransaction,
  type LeftOut,
  proposalDigest,
  proposalTransactionHashes,
  txRoot,
  type ValidatorSet,
  validatorsHash,
} from '@hansa/protocol';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BlockContext, verifyBlock } from '../src/index.ts';

const keys = [1, 2, 3, 4, 5].map((n) => hexToBytes(n.toString(16).padStart(64, '0')) as Uint8Array);
const byNodeId = new Map(keys.map((key) => [suite.nodeIdOf(key), key]));
const validators: ValidatorSet = [...byNodeId.keys()]
  .slice(0, 4)
  .sort()
  .map((nodeId) => ({ nodeId, weight: 1, organisationId: 'bank' }));
const others: ValidatorSet = validators.map((validator) => ({ ...validator, weight: 2 }));
const genesisHash = toHashHex('ab'.repeat(32));
const term = { term: 3 as Term, validators };

const transactions = [0n, 1n].map((nonce) =>
  encodeSignedTransaction(
    {
      type: 2,
      chainId: 20200,
      nonce,
      gasLimit: 21_000n,
      maxFeePerGas: 0n,
      maxPriorityFeePerGas: 0n,
      to: undefined,
      value: 0n,
      data: new Uint8Array(0),
      accessList: [],
    },
    keys[0] as Uint8Array,
  ),
);
const leftOut: readonly LeftOut[] = [{ position: 1, hash: toHashHex('cd'.repeat(32)), reason: 'nonce too high' }];

const parent: BlockHeader = {
  version: 1,
  chainId: 20200,
  groupId: 'group0',
  height: 41 as Height,
  term: 3 as Term,
  view: 0 as View,
  proposer: validators[0]!.nodeId,
  parentHash: ZERO_HASH,
  timestamp: 1_000,
  proposalDigest: toHashHex('77'.repeat(32)),
  txRoot: ZERO_HASH,
  receiptRoot: ZERO_HASH,
  stateRoot: ZERO_HASH,
  gasUsed: 0n,
  gasLimit: 30_000_000n,
  validatorsHash: validatorsHash(suite, validators),
  nextValidatorsHash: validatorsHash(suite, validators),
  registryRoot: ZERO_HASH,
  extensions: [],
};
const context: BlockContext = { genesisHash, parent, parentHash: blockHash(suite, parent), term };

function hashesOf(body: BlockBody): HashHex[] {
  return body.transactions.map((bytes) => {
    const decoded = decodeTransaction(bytes);
    return decoded.ok ? decoded.value.hash : ZERO_HASH;
  });
}

/** A block as honest validators make it, with changes to its header that they all have signed. */
function makeBlock(
  changes: Partial<BlockHeader> = {},
  options: { readonly body?: BlockBody; readonly signers?: readonly number[]; readonly signedTerm?: Term } = {},
): CertifiedBlock {
  const body = options.body ?? { transactions, leftOut };
  const fields = {
    chainId: 20200,
    groupId: 'group0',
    term: 3 as Term,
    height: 42 as Height,
    view: 1 as View,
    timestamp: 1_001,
  };
  const hashes = hashesOf(body);
  const header: BlockHeader = {
    ...parent,
    ...fields,
    proposer: validators[1]!.nodeId,
    parentHash: blockHash(suite, parent),
    proposalDigest: proposalDigest(suite, {
      ...fields,
      parentDigest: parent.proposalDigest,
      proposer: 1 as ValidatorIndex,
      transactionHashes: proposalTransactionHashes(hashes, body.leftOut) ?? [],
    }),
    txRoot: txRoot(suite, hashes),
    ...changes,
  };
  const hash = blockHash(suite, header);
  const digest = certificateDigest(suite, {
    genesisHash,
    term: options.signedTerm ?? term.term,
    height: header.height,
    blockHash: hash,
  });
  const signatures = (options.signers ?? [0, 2, 3]).map((index) => ({
    index: index as ValidatorIndex,
    signature: suite.sign(digest, byNodeId.get(validators[index]!.nodeId) as Uint8Array),
  }));
  return { block: { header, body }, certificate: { height: header.height, blockHash: hash, signatures } };
}

beforeAll(() => initCrypto());

describe('SYNC-10: a block before its execution', () => {
  test('an honest one is accepted, left-out transactions and a higher first view included', () => {
    const block = makeBlock();
    const hashes = hashesOf(block.block.body);
    const expected = {
      ok: true,
      value: { hash: block.certificate.blockHash, certified: block, transactionHashes: hashes },
    };
    expect(verifyBlock(suite, context, block)).toEqual(expected);
    expect(verifyBlock(suite, { ...context, transactionHashes: hashes }, block)).toEqual(expected);
    expect(verifyBlock(suite, context, makeBlock({}, { body: { transactions: [], leftOut: [] } })).ok).toBe(true);
  });

  const header: readonly (readonly [string, Partial<BlockHeader>, string])[] = [
    ['another chain', { chainId: 1 }, 'SYNC_WRONG_CHAIN'],
    ['another group', { groupId: 'group1' }, 'SYNC_WRONG_CHAIN'],
    ['another version', { version: 2 }, 'SYNC_WRONG_CHAIN'],
    ['a height too many', { height: 43 as Height }, 'SYNC_WRONG_PARENT'],
    ['another parent', { parentHash: ZERO_HASH }, 'SYNC_WRONG_PARENT'],
    ['another term', { term: 4 as Term }, 'SYNC_WRONG_TERM'],
    ['the time of its parent', { timestamp: 1_000 }, 'SYNC_WRONG_TIMESTAMP'],
    ['other validators', { validatorsHash: validatorsHash(suite, others) }, 'SYNC_WRONG_VALIDATORS'],
    ['a proposer from outside', { proposer: suite.nodeIdOf(keys[4] as Uint8Array) }, 'SYNC_WRONG_PROPOSER'],
    ['another proposer of the set', { proposer: validators[2]!.nodeId }, 'SYNC_WRONG_PROPOSAL'],
    ['another view', { view: 2 as View }, 'SYNC_WRONG_PROPOSAL'],
    ['another time', { timestamp: 1_002 }, 'SYNC_WRONG_PROPOSAL'],
    ['another proposal', { proposalDigest: ZERO_HASH }, 'SYNC_WRONG_PROPOSAL'],
    ['other transactions', { txRoot: ZERO_HASH }, 'SYNC_WRONG_TRANSACTIONS'],
  ];
  test.each(header)('%s is refused even when a quorum has signed it', (_name, changes, code) => {
    expect(verifyBlock(suite, context, makeBlock(changes))).toMatchObject({ ok: false, error: { code } });
  });

  const honest = makeBlock();
  const withBody = (body: BlockBody): CertifiedBlock => ({ ...honest, block: { ...honest.block, body } });
  const bodies: readonly (readonly [string, BlockBody, string])[] = [
    ['a transaction less', { transactions: transactions.slice(1), leftOut }, 'SYNC_WRONG_TRANSACTIONS'],
    ['another order', { transactions: [...transactions].reverse(), leftOut }, 'SYNC_WRONG_TRANSACTIONS'],
    ['bytes that are no transaction', { transactions: [Uint8Array.of(1)], leftOut }, 'SYNC_WRONG_TRANSACTIONS'],
    ['nothing left out', { transactions, leftOut: [] }, 'SYNC_WRONG_PROPOSAL'],
    ['left out elsewhere', { transactions, leftOut: [{ ...leftOut[0]!, position: 0 }] }, 'SYNC_WRONG_PROPOSAL'],
    ['left out beyond the end', { transactions, leftOut: [{ ...leftOut[0]!, position: 9 }] }, 'SYNC_WRONG_PROPOSAL'],
    ['another one left out', { transactions, leftOut: [{ ...leftOut[0]!, hash: ZERO_HASH }] }, 'SYNC_WRONG_PROPOSAL'],
  ];
  test.each(bodies)('%s in the body is refused', (_name, body, code) => {
    expect(verifyBlock(suite, context, withBody(body))).toMatchObject({ ok: false, error: { code } });
  });

  test('certificates: too light, forged, of another block, height or term', () => {
    const { certificate } = honest;
    const cases: readonly CertifiedBlock[] = [
      makeBlock({}, { signers: [0, 3] }),
      makeBlock({}, { signers: [] }),
      makeBlock({}, { signers: [0, 0, 3] }),
      makeBlock({}, { signedTerm: 2 as Term }),
      { ...honest, certificate: { ...certificate, blockHash: ZERO_HASH } },
      { ...honest, certificate: { ...certificate, height: 43 as Height } },
      { ...honest, certificate: makeBlock({ gasUsed: 1n }).certificate },
      {
        ...honest,
        certificate: {
          ...certificate,
          signatures: certificate.signatures.map((each, n) =>
            n === 1 ? { ...each, signature: new Uint8Array(64) } : each,
          ),
        },
      },
    ];
    for (const block of cases) {
      expect(verifyBlock(suite, context, block)).toMatchObject({
        ok: false,
        error: { code: 'SYNC_WRONG_CERTIFICATE' },
      });
    }
  });

  test('the set comes from the parent and the state, never from the block', () => {
    const parentOfOthers = { ...parent, nextValidatorsHash: validatorsHash(suite, others) };
    expect(
      verifyBlock(
        suite,
        { ...context, parent: parentOfOthers, parentHash: blockHash(suite, parentOfOthers) },
        makeBlock({ parentHash: blockHash(suite, parentOfOthers) }),
      ),
    ).toMatchObject({ ok: false, error: { code: 'SYNC_WRONG_VALIDATORS' } });
    expect(verifyBlock(suite, { ...context, genesisHash: ZERO_HASH }, honest)).toMatchObject({
      ok: false,
      error: { code: 'SYNC_WRONG_CERTIFICATE' },
    });
  });
});

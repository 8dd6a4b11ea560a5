/** What hansa_* methods answer is enough to prove it without trusting the node: each proof is checked as a third party would. */

import { verifyMerkleProof } from '@hansa/crypto';
import { bytesToHex, fromHex, type HashHex, type Height, type NodeId, type Term } from '@hansa/primitives';
import {
  blockHash,
  type Certificate,
  decodeBody,
  decodeCertificate,
  decodeHeader,
  decodeReceipt,
  decodeTransaction,
  decodeValidatorSet,
  receiptDigest,
  type StateKey,
  TAGS,
  txRoot,
  validatorsHash,
  verifyCertificate,
  verifyStateProof,
} from '@hansa/protocol';
import { describe, expect, it } from 'vitest';
import { signed, suite, TOKEN, topicOf } from './kit/chain.ts';
import { SOON, startTestServer, type TestServer } from './kit/server.ts';

type Hex = string;
type MerkleJson = { index: number; count: number; leaf: Hex; siblings: Hex[]; root: Hex };
type HeaderJson = Record<string, unknown> & { encoded: Hex; hash: Hex; txRoot: Hex; receiptRoot: Hex; stateRoot: Hex };
type CertificateJson = {
  height: Hex;
  blockHash: Hex;
  term: number;
  signatures: { index: number; nodeId: NodeId; weight: number; signature: Hex }[];
  weight: number;
  quorumWeight: number;
};
type ProofJson = {
  transactionHash: Hex;
  rawTransaction: Hex;
  transaction: MerkleJson;
  rawReceipt: Hex;
  receipt: MerkleJson;
  header: HeaderJson;
  certificate: CertificateJson;
  validators: { index: number; nodeId: NodeId; weight: number; organisationId: string }[];
};

const bare = (hex: Hex): HashHex => hex.slice(2) as HashHex;
const bytes = (hex: Hex): Uint8Array => fromHex(hex.slice(2));
const unwrap = <T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown },
): T => {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
};
const isMember = (tag: string, { index, count, leaf, siblings, root }: MerkleJson): boolean =>
  verifyMerkleProof(suite, tag, {
    root: bare(root),
    leaf: bare(leaf),
    proof: { index, count, siblings: siblings.map(bare) },
  });
const toCertificate = ({ height, blockHash: hash, signatures }: CertificateJson): Certificate => ({
  height: Number(height) as Height,
  blockHash: bare(hash),
  signatures: signatures.map(({ index, signature }) => ({ index: index as never, signature: bytes(signature) })),
});

const transactions = [0n, 1n, 2n, 3n, 4n].map((nonce) => signed({ nonce }));

async function started(): Promise<TestServer> {
  const server = await startTestServer();
  server.chain.addBlock(
    transactions.map((transaction, index) => ({
      transaction,
      logs: [{ address: TOKEN, topics: [topicOf(index)], data: Uint8Array.of(index) }],
    })),
  );
  return server;
}

describe('hansa_getTransactionProof', () => {
  it.each([0, 2, 4])('transaction %i: from its bytes to the signatures of a quorum', async (index) => {
    const { chain, result } = await started();
    const wanted = transactions[index] as (typeof transactions)[number];
    const proof = await result<ProofJson>('hansa_getTransactionProof', [`0x${wanted.hash}`]);
    // 1. The bytes have the hash that was asked for, and it is a leaf under the header's txRoot.
    expect(unwrap(decodeTransaction(bytes(proof.rawTransaction))).hash).toBe(wanted.hash);
    expect(bare(proof.transaction.leaf)).toBe(wanted.hash);
    expect(isMember(TAGS.transactionTree, proof.transaction)).toBe(true);
    // 2. So is the receipt, at the same place.
    const receipt = unwrap(decodeReceipt(bytes(proof.rawReceipt)));
    expect(receipt).toMatchObject({ transactionHash: wanted.hash, index, status: 1 });
    expect(receiptDigest(suite, receipt)).toBe(bare(proof.receipt.leaf));
    expect(isMember(TAGS.receiptTree, proof.receipt)).toBe(true);
    expect([proof.transaction.index, proof.receipt.index]).toEqual([index, index]);
    // 3. Both roots stand in the header, whose digest is the block hash.
    const header = unwrap(decodeHeader(bytes(proof.header.encoded)));
    expect(header.txRoot).toBe(bare(proof.transaction.root));
    expect(header.receiptRoot).toBe(bare(proof.receipt.root));
    expect(blockHash(suite, header)).toBe(bare(proof.certificate.blockHash));
    // 4. The validators are those of the header, and a quorum of them has signed the block hash.
    const validators = proof.validators.map(({ nodeId, weight, organisationId }) => ({
      nodeId,
      weight,
      organisationId,
    }));
    expect(validatorsHash(suite, validators)).toBe(header.validatorsHash);
    const claim = { genesisHash: chain.chain.genesisHash, term: header.term as Term, validators };
    const certificate = toCertificate(proof.certificate);
    expect(verifyCertificate(suite, { ...claim, certificate }).ok).toBe(true);
    // Every part counts.
    expect(isMember(TAGS.receiptTree, proof.transaction)).toBe(false);
    expect(isMember(TAGS.transactionTree, { ...proof.transaction, index: (index + 1) % 5 })).toBe(false);
    const tooFew = { ...certificate, signatures: certificate.signatures.slice(1) };
    expect(verifyCertificate(suite, { ...claim, certificate: tooFew }).ok).toBe(false);
  });

  it('of what is not committed is null', async () => {
    const { chain, result } = await started();
    const waiting = signed({ nonce: 9n });
    chain.admit(waiting);
    expect(await result('hansa_getTransactionProof', [`0x${waiting.hash}`])).toBeNull();
    expect(await result('hansa_getTransactionProof', [`0x${'99'.repeat(32)}`])).toBeNull();
  });
});

describe('hansa_getProof', () => {
  type StateProofJson = {
    height: Hex;
    header: HeaderJson;
    certificate: CertificateJson | null;
    key: Hex;
    value: Hex | null;
    leaf: { keyHash: Hex; valueHash: Hex } | null;
    siblings: Hex[];
  };

  it('proves an account against the state root of a certified header', async () => {
    const { chain, result } = await started();
    for (const key of chain.state.keys) {
      const address = `0x${key.slice(2)}`;
      const proof = await result<StateProofJson>('hansa_getProof', [address]);
      expect(bare(proof.key)).toBe(key);
      const header = unwrap(decodeHeader(bytes(proof.header.encoded)));
      const claim = {
        root: header.stateRoot,
        key: bare(proof.key) as unknown as StateKey,
        value: proof.value === null ? undefined : bytes(proof.value),
        proof: {
          siblings: proof.siblings.map(bare),
          leaf:
            proof.leaf === null
              ? undefined
              : { keyHash: bare(proof.leaf.keyHash), valueHash: bare(proof.leaf.valueHash) },
        },
      };
      expect(verifyStateProof(suite, claim)).toBe(true);
      expect(verifyStateProof(suite, { ...claim, value: Uint8Array.of(9) })).toBe(false);
      expect(proof.certificate?.blockHash).toBe(`0x${blockHash(suite, header)}`);
      // The key itself names the same entry.
      expect(await result('hansa_getProof', [proof.key])).toEqual(proof);
    }
  });

  it('waits for a block that the ledger has and the node does not show yet: no proof without its certificate', async () => {
    const { chain, result } = await started();
    const [key] = chain.state.keys;
    const { stateProof } = chain;
    const shown = chain.head();
    const next = chain.addBlock();
    Object.assign(chain, { head: () => shown, stateProof: () => ({ ...stateProof(key), height: next.height }) });
    const proof = result<StateProofJson>('hansa_getProof', [`0x${key.slice(2)}`]);
    await expect.poll(() => chain.listenerCount(), SOON).toBe(1);
    Object.assign(chain, { head: () => next });
    chain.addBlock();
    expect(await proof).toMatchObject({ height: '0x2', certificate: { height: '0x2' } });
    expect(chain.listenerCount()).toBe(0);
  });

  it('names a slot by address and slot, and refuses keys that are none', async () => {
    const asked: string[] = [];
    const { result, error } = await startTestServer({
      backend: {
        stateProof: (key) => {
          asked.push(key);
          throw new Error('enough');
        },
      },
    });
    await expect(result('hansa_getProof', [`0x${TOKEN}`, '0x1'])).rejects.toThrow('internal error');
    expect(asked).toEqual([`02${TOKEN}${topicOf(1)}`]);
    for (const key of ['0x', `0x${'11'.repeat(257)}`, '11', 7]) {
      expect(await error('hansa_getProof', [key]), String(key)).toMatchObject({ code: -32602 });
    }
    expect(await error('hansa_getProof', ['0x01', '0x1'])).toMatchObject({ code: -32602 });
  });
});

describe('hansa_getHeader and hansa_getCertificate', () => {
  it('answer what was signed, with names and weights', async () => {
    const { chain, result } = await started();
    const { header, hash } = chain.head();
    const served = await result<HeaderJson>('hansa_getHeader', ['latest']);
    expect(unwrap(decodeHeader(bytes(served.encoded)))).toEqual(header);
    expect(served).toMatchObject({
      height: '0x1',
      hash: `0x${hash}`,
      term: 0,
      view: 0,
      chainId: 20200,
      groupId: 'group0',
      proposer: header.proposer,
      parentHash: `0x${header.parentHash}`,
      timestamp: 1_700_000_001_500,
      gasUsed: '0x19a28',
      gasLimit: '0x30d40',
      stateRoot: `0x${header.stateRoot}`,
    });
    const certificate = await result<CertificateJson>('hansa_getCertificate', [`0x${hash}`]);
    expect(certificate).toMatchObject({ height: '0x1', blockHash: `0x${hash}`, weight: 3, quorumWeight: 3 });
    expect(certificate.signatures.map(({ nodeId }) => nodeId)).toEqual(
      chain.validators.slice(0, 3).map(({ nodeId }) => nodeId),
    );
  });

  it('genesis has a header, and nobody’s signature', async () => {
    const { result } = await started();
    expect(await result('hansa_getHeader', ['earliest'])).toMatchObject({ height: '0x0' });
    expect(await result('hansa_getCertificate', ['earliest'])).toBeNull();
    expect(await result('hansa_getCertifiedBlock', ['earliest'])).toBeNull();
    for (const method of ['hansa_getHeader', 'hansa_getCertificate', 'hansa_getCertifiedBlock']) {
      expect(await result(method, ['0x9'])).toBeNull();
    }
  });
});

describe('hansa_getCertifiedBlock', () => {
  it('is the whole block in the bytes that were hashed and signed', async () => {
    const { chain, result } = await started();
    const block = await result<Record<'header' | 'body' | 'certificate' | 'nextValidators', Hex> & { receipts: Hex[] }>(
      'hansa_getCertifiedBlock',
      ['latest'],
    );
    const header = unwrap(decodeHeader(bytes(block.header)));
    const body = unwrap(decodeBody(bytes(block.body)));
    const hashes = body.transactions.map((each) => unwrap(decodeTransaction(each)).hash);
    expect(txRoot(suite, hashes)).toBe(header.txRoot);
    expect(block.receipts.map((each) => unwrap(decodeReceipt(bytes(each))).transactionHash)).toEqual(hashes);
    const certificate = unwrap(decodeCertificate(bytes(block.certificate)));
    expect(certificate.blockHash).toBe(blockHash(suite, header));
    const next = unwrap(decodeValidatorSet(bytes(block.nextValidators)));
    expect(validatorsHash(suite, next)).toBe(header.nextValidatorsHash);
    expect(bytesToHex(next[0] === undefined ? new Uint8Array(0) : fromHex(next[0].nodeId))).toBe(
      chain.validators[0]?.nodeId,
    );
  });
});

describe('hansa_getStatus and hansa_getMembers', () => {
  it('tell who is there and who is missing', async () => {
    const { chain, result } = await started();
    expect(await result('hansa_getStatus')).toMatchObject({
      role: 'validator',
      chainId: '0x4ee8',
      genesisHash: `0x${chain.chain.genesisHash}`,
      height: '0x1',
      headHash: `0x${chain.head().hash}`,
      missing: [{ organisation: 'bank-1' }],
      syncing: null,
      pool: { pending: 0, queued: 0, ordered: 1 },
    });
    expect(await result('hansa_getMembers')).toMatchObject({
      term: 0,
      members: [{ organisation: 'bank-0' }, {}, {}, {}],
    });
    expect(await result('hansa_getMisbehaviour')).toEqual([]);
  });
});

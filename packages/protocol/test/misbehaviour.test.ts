import { standardSuite as suite } from '@hansa/crypto';
import type { HashHex, Height, NodeId, Term, ValidatorIndex, View } from '@hansa/primitives';
import { describe, expect, it } from 'vitest';
import {
  encodePbftMessage,
  type MisbehaviourProof,
  type PbftMessage,
  pbftSigningDigest,
  proposalDigest,
  type UnsignedPbftMessage,
  verifyMisbehaviour,
} from '../src/index.ts';

const genesisHash = 'aa'.repeat(32) as HashHex;
const key = new Uint8Array(32).fill(7);
const nodeId = suite.nodeIdOf(key);
const [one, two] = ['b1'.repeat(32) as HashHex, 'b2'.repeat(32) as HashHex];
const common = { term: 3 as Term, sender: 1 as ValidatorIndex };
const at = { view: 2 as View, height: 9 as Height };

const sign = (message: UnsignedPbftMessage, with_: Uint8Array = key): PbftMessage =>
  ({ ...message, signature: suite.sign(pbftSigningDigest(suite, genesisHash, message), with_) }) as PbftMessage;
const proposalOf = (parentDigest: HashHex): UnsignedPbftMessage => {
  const proposal = {
    chainId: 20200,
    groupId: 'group0',
    term: common.term,
    height: at.height,
    view: at.view,
    parentDigest,
    timestamp: 1_700_000_000_000,
    proposer: common.sender,
    transactionHashes: [],
  };
  return { type: 'proposal', ...common, view: at.view, proposal, digest: proposalDigest(suite, proposal) };
};
const viewChangeOf = (digest: HashHex | undefined): UnsignedPbftMessage => {
  const claim = digest === undefined ? undefined : { ...at, digest };
  const certificate = claim === undefined ? undefined : { ...claim, term: common.term, signatures: [] };
  return { type: 'view-change', ...common, view: 3 as View, claim, certificate };
};

const PAIRS: Readonly<Record<string, readonly [UnsignedPbftMessage, UnsignedPbftMessage]>> = {
  proposal: [proposalOf(one), proposalOf(two)],
  prepare: [
    { type: 'prepare', ...common, ...at, digest: one },
    { type: 'prepare', ...common, ...at, digest: two },
  ],
  commit: [
    { type: 'commit', ...common, ...at, digest: one },
    { type: 'commit', ...common, ...at, digest: two },
  ],
  result: [
    { type: 'result', ...common, height: at.height, blockHash: one },
    { type: 'result', ...common, height: at.height, blockHash: two },
  ],
  'view-change': [viewChangeOf(one), viewChangeOf(undefined)],
};

const proofOf = (
  first: PbftMessage,
  second: PbftMessage,
  over: Partial<MisbehaviourProof> = {},
): MisbehaviourProof => ({
  genesisHash,
  nodeId,
  first: encodePbftMessage(first),
  second: encodePbftMessage(second),
  ...over,
});
const pair = (kind: string): readonly [PbftMessage, PbftMessage] => {
  const [first, second] = PAIRS[kind] as readonly [UnsignedPbftMessage, UnsignedPbftMessage];
  return [sign(first), sign(second)];
};

describe('FMT-72: proofs of misbehaviour', () => {
  it.each(Object.keys(PAIRS))('two contradicting messages of kind %s prove it', (kind) => {
    const [first, second] = pair(kind);
    const verified = verifyMisbehaviour(suite, proofOf(first, second));
    expect(verified).toMatchObject({ ok: true, value: { kind, term: 3 } });
    // In either order, and not with another genesis, node or signer.
    expect(verifyMisbehaviour(suite, proofOf(second, first)).ok).toBe(true);
    expect(verifyMisbehaviour(suite, proofOf(first, second, { genesisHash: one })).ok).toBe(false);
    const other = suite.nodeIdOf(new Uint8Array(32).fill(8));
    expect(verifyMisbehaviour(suite, proofOf(first, second, { nodeId: other })).ok).toBe(false);
    const foreign = sign(
      (PAIRS[kind] as readonly UnsignedPbftMessage[])[1] as UnsignedPbftMessage,
      new Uint8Array(32).fill(8),
    );
    expect(verifyMisbehaviour(suite, proofOf(first, foreign)).ok).toBe(false);
  });

  it('the same message twice proves nothing, even with another signature', () => {
    const [first] = pair('prepare');
    expect(verifyMisbehaviour(suite, proofOf(first, first)).ok).toBe(false);
  });

  it.each([
    ['another view', { view: 3 as View }],
    ['another height', { height: 10 as Height }],
    ['another term', { term: 4 as Term }],
  ])('messages of %s do not contradict each other', (_name, change) => {
    const [first] = pair('prepare');
    const second = sign({ type: 'prepare', ...common, ...at, digest: two, ...change });
    expect(verifyMisbehaviour(suite, proofOf(first, second)).ok).toBe(false);
  });

  it('PREPARE and COMMIT, or two SUSPECTs, contradict nothing', () => {
    expect(verifyMisbehaviour(suite, proofOf(pair('prepare')[0], pair('commit')[1])).ok).toBe(false);
    const suspect = (decidedHeight: number): PbftMessage =>
      sign({ type: 'suspect', ...common, view: at.view, decidedHeight: decidedHeight as Height });
    expect(verifyMisbehaviour(suite, proofOf(suspect(1), suspect(2))).ok).toBe(false);
  });

  it('a second message that is none, and a node id that is none, prove nothing', () => {
    const [first, second] = pair('commit');
    const cut = { ...proofOf(first, second), second: Uint8Array.of(1) };
    expect(verifyMisbehaviour(suite, cut)).toMatchObject({ error: { code: 'PROTOCOL_TRUNCATED' } });
    const nobody = proofOf(first, second, { nodeId: 'ab' as NodeId });
    expect(verifyMisbehaviour(suite, nobody)).toMatchObject({ error: { message: 'the node id is none' } });
  });

  it('each truncation and each flipped byte is an error value, never a throw and never a proof', () => {
    const [first, second] = pair('commit');
    const bytes = encodePbftMessage(first);
    for (let size = 0; size < bytes.length; size++) {
      expect(verifyMisbehaviour(suite, { ...proofOf(first, second), first: bytes.subarray(0, size) }).ok).toBe(false);
    }
    for (let i = 0; i < bytes.length; i++) {
      const flipped = bytes.slice();
      flipped[i] = (flipped[i] as number) ^ 1;
      const result = verifyMisbehaviour(suite, { ...proofOf(first, second), first: flipped });
      // The sender's index is not signed: the node id says who it was.
      expect(result.ok && i > 12, `byte ${i}`).toBe(false);
    }
  });
});

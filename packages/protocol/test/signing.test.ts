/** FMT-60 to FMT-70: what validators sign, and all signatures of a message. */
import { standardSuite as suite } from '@hansa/crypto';
import { compareText, type HashHex, type Height, type Term, type ValidatorIndex, type View } from '@hansa/primitives';
import {
  type Claim,
  claimSigningDigest,
  decodePbftMessage,
  encodePbftMessage,
  type IncarnationMessage,
  incarnationSigningDigest,
  type NewViewMessage,
  type PbftMessage,
  pbftSigningDigest,
  proposalDigest,
  type SignedClaim,
  signaturesOf,
  type UnsignedPbftMessage,
  type ValidatorSet,
  type ViewChangeMessage,
  type VoteCertificate,
  verifyIncarnation,
  verifyVoteCertificate,
  voteSigningDigest,
} from '@hansa/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as arbitrary from './arbitrary.ts';

const genesisHash = 'aa'.repeat(32) as HashHex;
const otherGenesis = 'ab'.repeat(32) as HashHex;
const digest = 'bb'.repeat(32) as HashHex;
const term = 3 as Term;
const keys = [1, 2, 3, 4]
  .map((n) => new Uint8Array(32).fill(n))
  .sort((a, b) => compareText(suite.nodeIdOf(a), suite.nodeIdOf(b)));
const validators: ValidatorSet = keys.map((key, i) => ({
  nodeId: suite.nodeIdOf(key),
  weight: 1,
  organisationId: `o${i}`,
}));
const sender = 1 as ValidatorIndex;
const at = { view: 2 as View, height: 9 as Height, digest };

const proposal = {
  chainId: 20200,
  groupId: 'group0',
  term,
  height: at.height,
  view: at.view,
  parentDigest: digest,
  timestamp: 1_700_000_000_000,
  proposer: sender,
  transactionHashes: [digest],
};

const certificateOf = (
  kind: 'prepare' | 'commit',
  indices: readonly number[] = [0, 1, 2],
  over: Partial<VoteCertificate> = {},
): VoteCertificate => {
  const vote = { term, ...at, ...over };
  const signed = voteSigningDigest(suite, genesisHash, kind, vote);
  return {
    ...vote,
    signatures: indices.map((i) => ({
      index: i as ValidatorIndex,
      signature: suite.sign(signed, keys[i] as Uint8Array),
    })),
  };
};
const claimOf = (i: number, claim: Claim | undefined, view = 3 as View): SignedClaim => {
  const body = { term, sender: i as ValidatorIndex, view, claim };
  return { ...body, signature: suite.sign(claimSigningDigest(suite, genesisHash, body), keys[i] as Uint8Array) };
};
const signed = <T extends UnsignedPbftMessage>(message: T): T & { signature: Uint8Array } => ({
  ...message,
  signature: suite.sign(pbftSigningDigest(suite, genesisHash, message), keys[message.sender] as Uint8Array),
});

const prepared = certificateOf('prepare');
const viewChange = signed({ type: 'view-change', term, sender, view: 3 as View, claim: at, certificate: prepared });
const newView = signed({
  type: 'new-view',
  term,
  sender,
  view: 3 as View,
  claims: [claimOf(0, undefined), claimOf(1, at), claimOf(3, undefined)],
  certificate: prepared,
});
const MESSAGES: readonly { readonly message: PbftMessage; readonly signatureCount: number }[] = [
  {
    message: signed({
      type: 'proposal',
      term,
      sender,
      view: at.view,
      proposal,
      digest: proposalDigest(suite, proposal),
    }),
    signatureCount: 1,
  },
  { message: signed({ type: 'prepare', term, sender, ...at }), signatureCount: 1 },
  { message: signed({ type: 'commit', term, sender, ...at }), signatureCount: 1 },
  { message: signed({ type: 'result', term, sender, height: at.height, blockHash: digest }), signatureCount: 1 },
  { message: signed({ type: 'suspect', term, sender, view: at.view, decidedHeight: at.height }), signatureCount: 1 },
  {
    message: signed({ type: 'view-change', term, sender, view: 3 as View, claim: undefined, certificate: undefined }),
    signatureCount: 1,
  },
  { message: viewChange, signatureCount: 4 },
  { message: newView, signatureCount: 7 },
  {
    message: signed({
      type: 'status',
      term,
      sender,
      view: at.view,
      changing: true,
      stableHeight: 7 as Height,
      decidedHeight: 8 as Height,
      preparedHeight: 9 as Height,
      incarnation: 2,
      instance: 'cd'.repeat(16),
    }),
    signatureCount: 1,
  },
  { message: { type: 'prepared-certificate', certificate: prepared }, signatureCount: 3 },
  { message: { type: 'commit-certificate', certificate: certificateOf('commit') }, signatureCount: 3 },
];

const areGood = (
  message: PbftMessage,
  genesis: HashHex = genesisHash,
  set: ValidatorSet = validators,
): boolean | undefined =>
  signaturesOf(suite, genesis, set, message)?.every((check) =>
    suite.verify(check.digest, check.signature, check.nodeId),
  );

describe('every kind of message', () => {
  for (const { message, signatureCount } of MESSAGES) {
    it(`${message.type} (${signatureCount} signatures) is authentic, also after its journey`, () => {
      const decoded = decodePbftMessage(suite, encodePbftMessage(message));
      expect(decoded).toEqual({ ok: true, value: message });
      expect(signaturesOf(suite, genesisHash, validators, message)).toHaveLength(signatureCount);
      expect(areGood(message)).toBe(true);
    });

    it(`${message.type} (${signatureCount} signatures) is not authentic on another chain or with another set`, () => {
      expect(areGood(message, otherGenesis)).toBe(false);
      const rotated = [...validators.slice(1), validators[0]] as ValidatorSet;
      expect(areGood(message, genesisHash, rotated)).toBe(false);
      expect(areGood(message, genesisHash, [])).toBeUndefined();
    });

    it(`${message.type} (${signatureCount} signatures): no flipped bit leaves it authentic`, () => {
      const bytes = encodePbftMessage(message);
      for (let bit = 0; bit < bytes.length * 8; bit += Math.max(1, Math.floor(bytes.length / 12))) {
        const flipped = bytes.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
        const decoded = decodePbftMessage(suite, flipped);
        if (decoded.ok) expect(areGood(decoded.value) === true, `bit ${bit}`).toBe(false);
      }
    });
  }
});

it('FMT-61: the kind is in the digest: equal bodies of two kinds have two digests', () => {
  const digests = (['prepare', 'commit'] as const).map((type) =>
    pbftSigningDigest(suite, genesisHash, { type, term, sender, ...at }),
  );
  expect(new Set(digests).size).toBe(2);
  expect(digests[0]).toBe(voteSigningDigest(suite, genesisHash, 'prepare', { term, ...at }));
  expect(digests[1]).toBe(voteSigningDigest(suite, genesisHash, 'commit', { term, ...at }));
});

it('FMT-61: term and every field of the body are in the digest', () => {
  const base: UnsignedPbftMessage = { type: 'prepare', term, sender, ...at };
  const changes: Partial<typeof base>[] = [
    { term: 4 as Term },
    { view: 1 as View },
    { height: 8 as Height },
    { digest: genesisHash },
  ];
  const all = [base, ...changes.map((change) => ({ ...base, ...change }))].map((message) =>
    pbftSigningDigest(suite, genesisHash, message as UnsignedPbftMessage),
  );
  expect(new Set(all).size).toBe(all.length);
});

it('FMT-61: signed bodies of all kinds never share a digest', () => {
  void fc.assert(
    fc.property(
      fc.uniqueArray(arbitrary.pbftMessage, { minLength: 2, maxLength: 2, selector: (m) => m.type }),
      ([a, b]) => {
        if (a === undefined || b === undefined || !('signature' in a) || !('signature' in b)) return;
        expect(pbftSigningDigest(suite, genesisHash, a)).not.toBe(pbftSigningDigest(suite, genesisHash, b));
      },
    ),
  );
});

it('FMT-63: the digest of a proposal is computed, not read', () => {
  const message = MESSAGES[0]?.message;
  const lying = { ...message, digest: genesisHash } as PbftMessage;
  const decoded = decodePbftMessage(suite, encodePbftMessage(lying));
  expect(decoded.ok && decoded.value.type === 'proposal' && decoded.value.digest).toBe(proposalDigest(suite, proposal));
});

it('FMT-66: a VIEW-CHANGE signs its claim; the certificate travels beside it', () => {
  const without: ViewChangeMessage = { ...viewChange, certificate: undefined };
  expect(pbftSigningDigest(suite, genesisHash, without)).toBe(pbftSigningDigest(suite, genesisHash, viewChange));
  expect(pbftSigningDigest(suite, genesisHash, viewChange)).toBe(claimSigningDigest(suite, genesisHash, viewChange));
});

describe('signaturesOf gives undefined for what no signature could make right', () => {
  const cases: Record<string, PbftMessage> = {
    'unknown sender': { ...viewChange, sender: 4 as ValidatorIndex },
    'claim without certificate': { ...viewChange, certificate: undefined },
    'certificate without claim': { ...viewChange, claim: undefined },
    'certificate for another view': { ...viewChange, claim: { ...at, view: 1 as View } },
    'certificate for another height': { ...viewChange, claim: { ...at, height: 1 as Height } },
    'certificate for another digest': { ...viewChange, claim: { ...at, digest: genesisHash } },
    'certificate of another term': {
      ...viewChange,
      certificate: certificateOf('prepare', [0, 1, 2], { term: 2 as Term }),
    },
    'certificate without a quorum': { ...viewChange, certificate: certificateOf('prepare', [0, 1]) },
    'certificate with a signer twice': { ...viewChange, certificate: certificateOf('prepare', [0, 1, 1, 2]) },
    'new-view with an unknown claimant': {
      ...newView,
      claims: [...newView.claims, { ...claimOf(3, undefined), sender: 9 as ValidatorIndex }],
    },
    'new-view with a claim of another term': {
      ...newView,
      claims: [{ ...claimOf(0, undefined), term: 2 as Term }],
    } satisfies NewViewMessage,
    'prepared certificate without a quorum': {
      type: 'prepared-certificate',
      certificate: certificateOf('prepare', [3]),
    },
    'commit certificate of unknown signers': {
      type: 'commit-certificate',
      certificate: {
        ...prepared,
        signatures: [0, 1, 7].map((i) => ({ index: i as ValidatorIndex, signature: new Uint8Array(64) })),
      },
    },
  };
  for (const [name, message] of Object.entries(cases)) {
    it(name, () => expect(signaturesOf(suite, genesisHash, validators, message)).toBeUndefined());
  }
});

it('PREPAREs are no commit certificate, and the other way round', () => {
  expect(areGood({ type: 'commit-certificate', certificate: prepared })).toBe(false);
  const check = (kind: 'prepare' | 'commit', certificate: VoteCertificate) =>
    verifyVoteCertificate(suite, { genesisHash, validators, kind, certificate }).ok;
  expect([check('prepare', prepared), check('commit', prepared), check('commit', certificateOf('commit'))]).toEqual([
    true,
    false,
    true,
  ]);
  expect(check('prepare', certificateOf('prepare', [0, 1]))).toBe(false);
});

describe('FMT-70: incarnation statements', () => {
  const body = {
    type: 'incarnation' as const,
    nodeId: validators[0]?.nodeId as string,
    incarnation: 5,
    instance: 'ef'.repeat(16),
  };
  const statement: IncarnationMessage = {
    ...body,
    signature: suite.sign(incarnationSigningDigest(suite, genesisHash, body), keys[0] as Uint8Array),
  };

  it('is signed by its node for its chain', () => {
    expect(verifyIncarnation(suite, genesisHash, statement)).toBe(true);
    expect(verifyIncarnation(suite, otherGenesis, statement)).toBe(false);
    for (const change of [
      { incarnation: 6 },
      { instance: 'ee'.repeat(16) },
      { nodeId: validators[1]?.nodeId as string },
      { nodeId: 'zz' },
    ]) {
      expect(verifyIncarnation(suite, genesisHash, { ...statement, ...change }), JSON.stringify(change)).toBe(false);
    }
  });
});

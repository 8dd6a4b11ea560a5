/** Random values of every format, for the property tests. */
import { standardSuite } from '@hansa/crypto';
import {
  type AddressHex,
  bytesToHex,
  compareText,
  type HashHex,
  type Height,
  type NodeId,
  type Term,
  toHashHex,
  type ValidatorIndex,
  type View,
} from '@hansa/primitives';
import {
  type AccountRecord,
  type BlockBody,
  type BlockHeader,
  type Certificate,
  type ChainParameters,
  type Claim,
  type Genesis,
  type IncarnationMessage,
  LEFT_OUT_REASONS,
  type PbftMessage,
  type Proposal,
  proposalDigest,
  type Receipt,
  type SignedClaim,
  type TermInfo,
  type ValidatorSet,
  type VoteCertificate,
  type VoteSignature,
} from '@hansa/protocol';
import fc from 'fast-check';

export const hex = (size: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: size, maxLength: size }).map(bytesToHex);
export const hash: fc.Arbitrary<HashHex> = hex(32) as fc.Arbitrary<HashHex>;
export const address: fc.Arbitrary<AddressHex> = hex(20) as fc.Arbitrary<AddressHex>;
export const nodeId: fc.Arbitrary<NodeId> = hex(64) as fc.Arbitrary<NodeId>;
export const u64: fc.Arbitrary<bigint> = fc.bigInt(0n, (1n << 64n) - 1n);
export const u256: fc.Arbitrary<bigint> = fc.bigInt(0n, (1n << 256n) - 1n);
export const natural: fc.Arbitrary<number> = fc.maxSafeNat();
const height = natural as fc.Arbitrary<Height>;
const term = natural as fc.Arbitrary<Term>;
const view = natural as fc.Arbitrary<View>;
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const index = fc.integer({ min: 0, max: 0xffff_ffff }) as fc.Arbitrary<number> as fc.Arbitrary<ValidatorIndex>;
const signature = fc.uint8Array({ minLength: 64, maxLength: 64 });
export const identifier: fc.Arbitrary<string> = fc.stringMatching(/^[A-Za-z0-9._-]{1,32}$/);
const bytes = fc.uint8Array({ maxLength: 40 });

export const proposal: fc.Arbitrary<Proposal> = fc.record({
  chainId: natural,
  groupId: identifier,
  term,
  height,
  view,
  parentDigest: hash,
  timestamp: natural,
  proposer: index,
  transactionHashes: fc.array(hash, { maxLength: 4 }),
});

export const header: fc.Arbitrary<BlockHeader> = fc.record({
  version: fc.constant(1),
  chainId: natural,
  groupId: identifier,
  height,
  term,
  view,
  proposer: nodeId,
  parentHash: hash,
  timestamp: natural,
  proposalDigest: hash,
  txRoot: hash,
  receiptRoot: hash,
  stateRoot: hash,
  gasUsed: u64,
  gasLimit: u64,
  validatorsHash: hash,
  nextValidatorsHash: hash,
  registryRoot: hash,
  extensions: fc.array(fc.record({ size: u64, root: hash }), { maxLength: 3 }),
});

export const body: fc.Arbitrary<BlockBody> = fc
  .tuple(
    fc.array(bytes, { maxLength: 4 }),
    fc.array(fc.tuple(hash, fc.constantFrom(...LEFT_OUT_REASONS)), { maxLength: 4 }),
    natural,
  )
  .map(([transactions, out, seed]) => {
    const count = transactions.length + out.length;
    // Some strictly ascending positions within the proposal.
    const first = count === out.length ? 0 : seed % (count - out.length + 1);
    return { transactions, leftOut: out.map(([hashOf, reason], i) => ({ position: first + i, hash: hashOf, reason })) };
  });

export const receipt: fc.Arbitrary<Receipt> = fc.record({
  transactionHash: hash,
  index: u32,
  status: fc.constantFrom(0 as const, 1 as const),
  gasUsed: u64,
  cumulativeGasUsed: u64,
  effectiveGasPrice: u256,
  contractAddress: fc.option(address, { nil: undefined }),
  output: bytes,
  logs: fc.array(fc.record({ address, topics: fc.array(hash, { maxLength: 4 }), data: bytes }), { maxLength: 3 }),
});

/** By strictly increasing index. */
const signatures: fc.Arbitrary<VoteSignature[]> = fc
  .uniqueArray(fc.record({ index, signature }), { maxLength: 4, selector: (entry) => entry.index })
  .map((entries) => entries.sort((a, b) => a.index - b.index));

export const certificate: fc.Arbitrary<Certificate> = fc.record({ height, blockHash: hash, signatures });

export const validators: fc.Arbitrary<ValidatorSet> = fc
  .uniqueArray(fc.record({ nodeId, weight: fc.integer({ min: 1, max: 1_000_000 }), organisationId: identifier }), {
    minLength: 1,
    maxLength: 5,
    selector: (validator) => validator.nodeId,
  })
  .map((entries) => entries.sort((a, b) => compareText(a.nodeId, b.nodeId)));

export const parameters: fc.Arbitrary<ChainParameters> = fc.record({
  txCountLimit: fc.integer({ min: 1, max: 10_000 }),
  leaderPeriod: fc.integer({ min: 1, max: 1_000_000 }),
  txGasLimit: fc.bigInt(100_000n, 30_000_000n),
  minimumGasPrice: fc.bigInt(0n, 10n ** 14n),
  blockGasLimit: fc.bigInt(30_000_000n, 1_000_000_000n),
  blockSizeLimit: fc.integer({ min: 131_072, max: 8_388_608 }),
  window: fc.integer({ min: 1, max: 64 }),
  viewTimeoutBaseMs: fc.integer({ min: 100, max: 60_000 }),
  viewTimeoutCapMs: fc.integer({ min: 60_000, max: 600_000 }),
  clockSkewMs: fc.integer({ min: 100, max: 600_000 }),
  feeRecipient: address,
  demotionTerms: fc.integer({ min: 0, max: 1_000_000 }),
});

export const termInfo: fc.Arbitrary<TermInfo> = validators.chain((set) =>
  fc.record({
    term,
    baseHeight: fc.integer({ min: 0, max: 2 ** 40 }) as fc.Arbitrary<number> as fc.Arbitrary<Height>,
    baseHash: hash,
    baseProposalDigest: hash,
    baseTimestamp: natural,
    validators: fc.constant(set),
    primaryOrder: fc.shuffledSubarray([...set.keys()] as ValidatorIndex[], { minLength: set.length }),
    endHeight: fc.integer({ min: 2 ** 40 + 1, max: 2 ** 50 }) as fc.Arbitrary<number> as fc.Arbitrary<Height>,
    endScheduled: fc.boolean(),
    parameters,
  }),
);

export const account: fc.Arbitrary<AccountRecord> = fc.record({ nonce: u64, balance: u256, codeHash: hash });

const claim: fc.Arbitrary<Claim> = fc.record({ view, height, digest: hash });
export const voteCertificate: fc.Arbitrary<VoteCertificate> = fc.record({
  term,
  view,
  height,
  digest: hash,
  signatures,
});
const signed = { term, sender: index, signature };
const maybeCertificate = fc.option(voteCertificate, { nil: undefined });
const signedClaim = fc.record({ ...signed, view, claim: fc.option(claim, { nil: undefined }) });
const claims: fc.Arbitrary<SignedClaim[]> = fc
  .uniqueArray(signedClaim, { maxLength: 4, selector: (entry) => entry.sender })
  .map((entries) => entries.sort((a, b) => a.sender - b.sender));

const kind = <T extends string>(type: T): fc.Arbitrary<T> => fc.constant(type);
export const pbftMessage: fc.Arbitrary<PbftMessage> = fc.oneof(
  fc
    .record({ type: kind('proposal'), ...signed, view, proposal })
    .map((message) => ({ ...message, digest: proposalDigest(standardSuite, message.proposal) })),
  fc.record({ type: kind('prepare'), ...signed, view, height, digest: hash }),
  fc.record({ type: kind('commit'), ...signed, view, height, digest: hash }),
  fc.record({ type: kind('result'), ...signed, height, blockHash: hash }),
  fc.record({ type: kind('suspect'), ...signed, view, decidedHeight: height }),
  fc.record({
    type: kind('view-change'),
    ...signed,
    view,
    claim: fc.option(claim, { nil: undefined }),
    certificate: maybeCertificate,
  }),
  fc.record({ type: kind('new-view'), ...signed, view, claims, certificate: maybeCertificate }),
  fc.record({
    type: kind('status'),
    ...signed,
    view,
    changing: fc.boolean(),
    stableHeight: height,
    decidedHeight: height,
    preparedHeight: height,
    incarnation: natural,
    instance: hex(16),
  }),
  fc.record({ type: kind('prepared-certificate'), certificate: voteCertificate }),
  fc.record({ type: kind('commit-certificate'), certificate: voteCertificate }),
);

export const incarnation: fc.Arbitrary<IncarnationMessage> = fc.record({
  type: kind('incarnation'),
  nodeId,
  incarnation: natural,
  instance: hex(16),
  signature,
});

/** Keys that are points of the curve, made once: random digits are none. */
const POINTS = [1, 2, 3, 4, 5].map((n) => standardSuite.nodeIdOf(new Uint8Array(32).fill(n))).sort(compareText);

export const genesis: fc.Arbitrary<Genesis> = fc
  .record({
    chainId: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    groupId: identifier,
    timestamp: natural,
    parameters,
    committee: fc.record({
      participationRate: fc.integer({ min: 1, max: 100 }),
      winRate: fc.integer({ min: 1, max: 100 }),
    }),
    organisations: fc.uniqueArray(
      fc.record({
        id: identifier,
        name: fc.constantFrom('Bank', '中国银行', 'Österreichische Nationalbank', '🏦 & Söhne'),
        contact: fc.constantFrom('', 'ops@bank.example', '电话 1'),
        adminCount: fc.integer({ min: 0, max: 3 }),
        threshold: fc.integer({ min: 1, max: 3 }),
        governorWeight: fc.integer({ min: 0, max: 1_000_000 }),
      }),
      { minLength: 1, maxLength: 3, selector: (organisation) => organisation.id },
    ),
    nodeCount: fc.integer({ min: 1, max: POINTS.length }),
    accounts: fc.uniqueArray(
      fc.record({
        address,
        balance: fc.bigInt(0n, 1n << 200n),
        nonce: fc.bigInt(0n, (1n << 64n) - 2n),
        code: bytes,
        storage: fc
          .uniqueArray(fc.record({ slot: hash, value: hex(32).map((text) => toHashHex(`01${text.slice(2)}`)) }), {
            maxLength: 3,
            selector: (entry) => entry.slot,
          })
          .map((list) => list.sort((a, b) => compareText(a.slot, b.slot))),
      }),
      { maxLength: 3, selector: (entry) => entry.address },
    ),
  })
  .map(({ nodeCount, organisations, accounts, ...rest }) => {
    let account = 0;
    const sorted = organisations
      .sort((a, b) => compareText(a.id, b.id))
      .map(({ adminCount, ...organisation }, i) => {
        // The first one governs at least; no account acts for two.
        const count = i === 0 ? Math.max(1, adminCount) : adminCount;
        const governorWeight = i === 0 ? Math.max(1, organisation.governorWeight) : organisation.governorWeight;
        return {
          ...organisation,
          admins: Array.from({ length: count }, () => (++account).toString(16).padStart(40, '0') as AddressHex),
          threshold: Math.min(count, organisation.threshold),
          governorWeight: count === 0 ? 0 : governorWeight,
        };
      });
    return {
      ...rest,
      formatVersion: 2,
      suite: 'standard',
      stateTree: 'radix-v1',
      evmFork: 'prague',
      organisations: sorted,
      accounts: accounts.sort((a, b) => compareText(a.address, b.address)),
      nodes: POINTS.slice(0, nodeCount).map((id, i) => ({
        nodeId: id,
        organisationId: (sorted[i % sorted.length] as { id: string }).id,
        role: i === 0 || i % 2 === 1 ? 'validator' : 'observer',
        weight: i === 0 || i % 2 === 1 ? i + 1 : 0,
        addresses: i === 2 ? [] : [`/ip4/10.0.0.${i}/tcp/30300`, '/dns4/node.example/tcp/1'],
      })),
    } satisfies Genesis;
  });

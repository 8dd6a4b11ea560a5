/**
 * The values of the golden vectors, and what this program makes of them. `generate-vectors.ts` writes them to vectors/;
 * the test compares. A difference is a change of format: a new version of the tag, not a new vector.
 */
import { ethereumCrypto, merkleProof, merkleRoot, standardSuite as suite } from '@hansa/crypto';
import {
  type AddressHex,
  bytesToHex,
  compareText,
  fromHex,
  type HashHex,
  type Height,
  type NodeId,
  type Term,
  type ValidatorIndex,
  type View,
} from '@hansa/primitives';
import {
  type BlockHeader,
  blockHash,
  certificateDigest,
  claimSigningDigest,
  DEFAULT_CHAIN_PARAMETERS,
  decodeTransaction,
  EMPTY_CODE_HASH,
  encodeAccount,
  encodeBody,
  encodeCertificate,
  encodeGenesis,
  encodeHeader,
  encodeIncarnation,
  encodeParameters,
  encodePbftMessage,
  encodeProposal,
  encodeReceipt,
  encodeSignedTransaction,
  encodeTermInfo,
  encodeValidatorSet,
  type Genesis,
  genesisDigest,
  type IncarnationMessage,
  incarnationSigningDigest,
  type PbftMessage,
  type Proposal,
  pbftSigningDigest,
  proposalDigest,
  type Receipt,
  receiptDigest,
  recoverSender,
  renderGenesis,
  type SignedClaim,
  TAGS,
  type TermInfo,
  type UnsignedPbftMessage,
  type UnsignedTransaction,
  type ValidatorSet,
  validatorsHash,
  voteSigningDigest,
} from '@hansa/protocol';

/** Hash of a counter: values that are all different and that nobody chose. */
const h = (n: number): HashHex => bytesToHex(suite.digest(Uint8Array.of(n))) as HashHex;
const keys = [1, 2, 3, 4]
  .map((n) => suite.digest(Uint8Array.of(0x6b, n)))
  .sort((a, b) => compareText(suite.nodeIdOf(a), suite.nodeIdOf(b)));
const nodeIds: readonly NodeId[] = keys.map((key) => suite.nodeIdOf(key));
const admin = ethereumCrypto.addressOfKey(keys[0] as Uint8Array);
const index = (n: number): ValidatorIndex => n as ValidatorIndex;
const term = 2 as Term;
const view = 1 as View;
const height = 513 as Height;
const genesisHash = h(100);
const signAs = (n: number, digest: HashHex): Uint8Array => suite.sign(digest, keys[n] as Uint8Array);

const validators: ValidatorSet = nodeIds.map((nodeId, i) => ({
  nodeId,
  weight: i === 0 ? 2 : 1,
  organisationId: `bank-${'abcd'[i]}`,
}));

const proposal: Proposal = {
  chainId: 20200,
  groupId: 'group0',
  term,
  height,
  view,
  parentDigest: h(1),
  timestamp: 1_764_000_000_123,
  proposer: index(3),
  transactionHashes: [h(2), h(3), h(4)],
};

const header: BlockHeader = {
  version: 1,
  chainId: 20200,
  groupId: 'group0',
  height,
  term,
  view,
  proposer: nodeIds[3] as NodeId,
  parentHash: h(10),
  timestamp: proposal.timestamp,
  proposalDigest: proposalDigest(suite, proposal),
  txRoot: h(11),
  receiptRoot: h(12),
  stateRoot: h(13),
  gasUsed: 42_000n,
  gasLimit: 30_000_000n,
  validatorsHash: validatorsHash(suite, validators),
  nextValidatorsHash: validatorsHash(suite, validators),
  registryRoot: h(14),
  extensions: [],
};

const receipt: Receipt = {
  transactionHash: h(20),
  index: 1,
  status: 1,
  gasUsed: 51_234n,
  cumulativeGasUsed: 72_234n,
  effectiveGasPrice: 1_000_000_007n,
  contractAddress: undefined,
  output: Uint8Array.of(1),
  logs: [{ address: admin, topics: [h(21), h(22)], data: Uint8Array.of(0xde, 0xad) }],
};

const certificateValue = {
  height,
  blockHash: blockHash(suite, header),
  signatures: [0, 1, 3].map((n) => ({
    index: index(n),
    signature: signAs(n, certificateDigest(suite, { genesisHash, term, height, blockHash: blockHash(suite, header) })),
  })),
};

const termInfo: TermInfo = {
  term,
  baseHeight: 512 as Height,
  baseHash: h(30),
  baseProposalDigest: h(31),
  baseTimestamp: 1_763_999_999_000,
  validators,
  primaryOrder: [3, 0, 1, 2].map(index),
  endHeight: 768 as Height,
  endScheduled: false,
  parameters: DEFAULT_CHAIN_PARAMETERS,
};

const genesis: Genesis = {
  formatVersion: 2,
  chainId: 20200,
  groupId: 'group0',
  suite: 'standard',
  stateTree: 'radix-v1',
  evmFork: 'prague',
  timestamp: 1_763_000_000_000,
  parameters: DEFAULT_CHAIN_PARAMETERS,
  committee: { participationRate: 66, winRate: 75 },
  organisations: ['a', 'b', 'c', 'd'].map((letter, i) => ({
    id: `bank-${letter}`,
    name: letter === 'a' ? '中国银行' : `Bank ${letter.toUpperCase()}`,
    contact: letter === 'a' ? 'ops@bank-a.example' : '',
    admins: i === 0 ? [admin] : [`${i}`.repeat(40) as AddressHex],
    threshold: 1,
    governorWeight: i,
  })),
  nodes: nodeIds.map((nodeId, i) => ({
    nodeId,
    organisationId: `bank-${'abcd'[i]}`,
    role: i === 3 ? 'observer' : 'validator',
    weight: i === 3 ? 0 : 1,
    addresses: [`/dns4/node-${i}.example/tcp/30300`],
  })),
  accounts: [
    {
      address: admin,
      balance: 10n ** 24n,
      nonce: 1n,
      code: Uint8Array.of(0x60, 0x00),
      storage: [{ slot: h(40), value: h(41) }],
    },
  ],
};

const vote = { view, height, digest: proposalDigest(suite, proposal) };
const prepared = {
  term,
  ...vote,
  signatures: [0, 1, 2].map((n) => ({
    index: index(n),
    signature: signAs(n, voteSigningDigest(suite, genesisHash, 'prepare', { term, ...vote })),
  })),
};
const claimOf = (n: number, claim: SignedClaim['claim']): SignedClaim => {
  const body = { term, sender: index(n), view: 2 as View, claim };
  return { ...body, signature: signAs(n, claimSigningDigest(suite, genesisHash, body)) };
};
const signed = <T extends UnsignedPbftMessage>(message: T): T & { signature: Uint8Array } => ({
  ...message,
  signature: signAs(message.sender, pbftSigningDigest(suite, genesisHash, message)),
});
const from = { term, sender: index(3) };
const messages: readonly PbftMessage[] = [
  signed({ type: 'proposal', ...from, view, proposal, digest: vote.digest }),
  signed({ type: 'prepare', ...from, ...vote }),
  signed({ type: 'commit', ...from, ...vote }),
  signed({ type: 'result', ...from, height, blockHash: blockHash(suite, header) }),
  signed({ type: 'suspect', ...from, view, decidedHeight: height }),
  signed({ type: 'view-change', ...from, view: 2 as View, claim: vote, certificate: prepared }),
  signed({
    type: 'new-view',
    ...from,
    view: 2 as View,
    claims: [claimOf(0, vote), claimOf(1, undefined), claimOf(2, undefined)],
    certificate: prepared,
  }),
  signed({
    type: 'status',
    ...from,
    view,
    changing: true,
    stableHeight: 511 as Height,
    decidedHeight: 512 as Height,
    preparedHeight: height,
    incarnation: 7,
    instance: h(50).slice(32),
  }),
  { type: 'prepared-certificate', certificate: prepared },
  {
    type: 'commit-certificate',
    certificate: {
      ...prepared,
      signatures: prepared.signatures.map(({ index: n }) => ({
        index: n,
        signature: signAs(n, voteSigningDigest(suite, genesisHash, 'commit', { term, ...vote })),
      })),
    },
  },
];
const statementBody = {
  type: 'incarnation' as const,
  nodeId: nodeIds[0] as string,
  incarnation: 7,
  instance: h(51).slice(32),
};
const statement: IncarnationMessage = {
  ...statementBody,
  signature: signAs(0, incarnationSigningDigest(suite, genesisHash, statementBody)),
};

const transactions: readonly (UnsignedTransaction & { readonly name: string })[] = (
  [
    { name: 'legacy transfer', type: 0 },
    { name: 'EIP-2930 with an access list', type: 1, accessList: [{ address: admin, storageKeys: [h(60)] }] },
    { name: 'EIP-1559 with a last height', type: 2, lastHeight: 1_000 as Height },
    { name: 'EIP-1559 contract creation', type: 2, to: undefined, data: Uint8Array.of(0x60, 0x00, 0x60, 0x00, 0xf3) },
    {
      name: 'legacy with price 0 and a chain id near 2^53',
      type: 0,
      chainId: Number.MAX_SAFE_INTEGER,
      maxFeePerGas: 0n,
    },
  ] as const
).map((change) => ({
  chainId: 20200,
  nonce: 3n,
  gasLimit: 90_000n,
  maxFeePerGas: 1_000_000_000n,
  to: '70997970c51812dc3a010c7d01b50e0d17dc79c8' as AddressHex,
  value: 10n ** 18n,
  data: new Uint8Array(0),
  accessList: [],
  ...change,
  maxPriorityFeePerGas:
    change.type === 2 ? 1_000n : ((change as { maxFeePerGas?: bigint }).maxFeePerGas ?? 1_000_000_000n),
}));

type Vector = Readonly<Record<string, unknown>>;

/** File name without .json → vectors, as JSON has them: bytes as hex, bigints as decimal strings, undefined as null. */
export function buildVectors(): Readonly<Record<string, readonly Vector[]>> {
  const leaves = [...Array(5).keys()].map((n) => h(n));
  const files: Record<string, readonly Vector[]> = {
    digests: [
      { tag: TAGS.proposal, digest: header.proposalDigest, bytes: encodeProposal(proposal) },
      { tag: TAGS.header, digest: blockHash(suite, header), bytes: encodeHeader(header) },
      { tag: TAGS.receipt, digest: receiptDigest(suite, receipt), bytes: encodeReceipt(receipt) },
      { tag: TAGS.validators, digest: validatorsHash(suite, validators), bytes: encodeValidatorSet(validators) },
      { tag: TAGS.genesis, digest: genesisDigest(suite, genesis), bytes: encodeGenesis(genesis) },
    ],
    formats: [
      { name: 'proposal', value: proposal, bytes: encodeProposal(proposal) },
      { name: 'header', value: header, bytes: encodeHeader(header) },
      {
        name: 'header with an extension',
        value: { ...header, extensions: [{ size: 5n, root: h(15) }] },
        bytes: encodeHeader({ ...header, extensions: [{ size: 5n, root: h(15) }] }),
      },
      ...[
        {
          transactions: [Uint8Array.of(1, 2), Uint8Array.of(3)],
          leftOut: [{ position: 1, hash: h(3), reason: 'nonce too high' as const }],
        },
      ].map((body) => ({ name: 'body', value: body, bytes: encodeBody(body) })),
      { name: 'receipt', value: receipt, bytes: encodeReceipt(receipt) },
      {
        name: 'receipt of a creation that failed',
        value: { ...receipt, status: 0, contractAddress: admin, logs: [] },
        bytes: encodeReceipt({ ...receipt, status: 0, contractAddress: admin, logs: [] }),
      },
      { name: 'validator set', value: validators, bytes: encodeValidatorSet(validators) },
      { name: 'chain parameters', value: DEFAULT_CHAIN_PARAMETERS, bytes: encodeParameters(DEFAULT_CHAIN_PARAMETERS) },
      { name: 'term', value: termInfo, bytes: encodeTermInfo(termInfo) },
      ...[{ nonce: 5n, balance: 10n ** 20n, codeHash: EMPTY_CODE_HASH }].map((account) => ({
        name: 'account',
        value: account,
        bytes: encodeAccount(account),
      })),
      { name: 'genesis', value: genesis, text: renderGenesis(genesis), bytes: encodeGenesis(genesis) },
    ],
    certificate: [
      {
        genesisHash,
        term,
        validators,
        certificate: certificateValue,
        digest: certificateDigest(suite, { genesisHash, term, height, blockHash: certificateValue.blockHash }),
        bytes: encodeCertificate(certificateValue),
      },
    ],
    messages: [
      ...messages.map((message) => ({
        genesisHash,
        nodeIds,
        message,
        signingDigest: 'signature' in message ? pbftSigningDigest(suite, genesisHash, message) : undefined,
        bytes: encodePbftMessage(message),
      })),
      {
        genesisHash,
        nodeIds,
        message: statement,
        signingDigest: incarnationSigningDigest(suite, genesisHash, statement),
        bytes: encodeIncarnation(statement),
      },
    ],
    merkle: [0, 1, 2, 3, 5].map((count) => ({
      tag: TAGS.transactionTree,
      leaves: leaves.slice(0, count),
      root: merkleRoot(suite, TAGS.transactionTree, leaves.slice(0, count)),
      proofs: leaves.slice(0, count).map((_, i) => merkleProof(suite, leaves.slice(0, count), i)),
    })),
    transactions: transactions.map(({ name, ...tx }) => {
      const bytes = encodeSignedTransaction(tx, keys[0] as Uint8Array);
      const decoded = decodeTransaction(bytes);
      if (!decoded.ok) throw new Error(decoded.error.message);
      const sender = recoverSender(decoded.value);
      const { hash, signingDigest, lastHeight } = decoded.value;
      return {
        name,
        fields: tx,
        privateKey: keys[0],
        bytes,
        hash,
        signingDigest,
        lastHeight,
        sender: sender.ok ? sender.value.sender : undefined,
      };
    }),
  };
  return files;
}

/** The text of a vector file. */
export function renderVectors(vectors: readonly Vector[]): string {
  return `${JSON.stringify(
    vectors,
    (_, value: unknown) =>
      value instanceof Uint8Array
        ? bytesToHex(value)
        : typeof value === 'bigint'
          ? value.toString()
          : value === undefined
            ? null
            : value,
    1,
  )}\n`;
}

/** Bytes of a hex field of a vector. */
export const bytesOf = (text: unknown): Uint8Array => fromHex(text as string);

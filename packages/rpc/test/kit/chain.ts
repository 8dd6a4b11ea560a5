/** A chain in memory, of real keys, transactions, receipts, headers and certificates, as the RPC sees a node. */
import { initCrypto, type PrivateKey, standardSuite } from '@hansa/crypto';
import {
  type AddressHex,
  type Failure,
  fail,
  type HashHex,
  type Height,
  type NodeId,
  ok,
  type Result,
  type Term,
  toHeight,
  type ValidatorIndex,
  type View,
  ZERO_ADDRESS,
  ZERO_HASH,
} from '@hansa/primitives';
import {
  type BlockHeader,
  blockHash,
  type Certificate,
  certificateDigest,
  decodeTransaction,
  encodeSignedTransaction,
  type Log,
  type Receipt,
  receiptDigest,
  receiptRoot,
  recoverSender,
  type SignedTransaction,
  txRoot,
  type UnsignedTransaction,
  type ValidatorSet,
  validatorsHash,
} from '@hansa/protocol';
import type { BlockFacts, HeadFacts, LogFacts, LogQuery, ProposalReport, RpcBackend } from '../../src/backend.ts';
import { ethereumHeaderHash } from '../../src/ethereum-header.ts';
import { smallState } from './small-state.ts';

await initCrypto();

export const suite = standardSuite;
export const CHAIN_ID = 20200;
export const FEE_RECIPIENT = 'fe'.repeat(20) as AddressHex;
export const TOKEN = 'ab'.repeat(20) as AddressHex;

export const keyOf = (number: number): PrivateKey => {
  const key = new Uint8Array(32).fill(7);
  new DataView(key.buffer).setUint32(28, number + 1);
  return key;
};
export const topicOf = (number: number): HashHex => number.toString(16).padStart(64, '0') as HashHex;

export function signed(changes: Partial<UnsignedTransaction> = {}, key: PrivateKey = keyOf(50)): SignedTransaction {
  const unsigned: UnsignedTransaction = {
    type: 2,
    chainId: CHAIN_ID,
    nonce: 0n,
    gasLimit: 100_000n,
    maxFeePerGas: 20n,
    maxPriorityFeePerGas: 3n,
    to: TOKEN,
    value: 5n,
    data: Uint8Array.of(1, 2, 3),
    accessList: [],
    ...changes,
  };
  const decoded = decodeTransaction(encodeSignedTransaction(unsigned, key));
  if (!decoded.ok) throw new Error(decoded.error.message);
  const recovered = recoverSender(decoded.value);
  if (!recovered.ok) throw new Error(recovered.error.message);
  return recovered.value;
}

export type Executed = {
  readonly transaction: SignedTransaction;
  readonly logs?: readonly Log[];
  readonly gasUsed?: bigint;
  readonly tip?: bigint;
  readonly status?: 0 | 1;
  readonly contractAddress?: AddressHex;
};

type Stored = BlockFacts & { readonly receipts: readonly Receipt[]; readonly certificate: Certificate | undefined };

export type TestChain = RpcBackend & {
  readonly validators: ValidatorSet;
  readonly state: ReturnType<typeof smallState>;
  /** Adds a block with these transactions and tells who listens. */
  addBlock(executed?: readonly Executed[]): Stored;
  /** Puts transactions into the pool and tells who listens. */
  admit(...transactions: readonly SignedTransaction[]): void;
  listenerCount(): number;
};

const BASE_FEE = 10n;

/** `parts` replaces methods of the backend, e.g. what a call answers. */
export function createTestChain(parts: Partial<RpcBackend> = {}): TestChain {
  const keys = new Map<NodeId, PrivateKey>([0, 1, 2, 3].map((i) => [suite.nodeIdOf(keyOf(i)), keyOf(i)]));
  const validators: ValidatorSet = [...keys.keys()]
    .sort()
    .map((nodeId, index) => ({ nodeId, weight: 1, organisationId: `bank-${index}` }));
  const state = smallState(suite);
  const blocks: Stored[] = [];
  const pool = new Map<HashHex, SignedTransaction>();
  const headListeners = new Set<(head: HeadFacts) => void>();
  const pendingListeners = new Set<(transactions: readonly SignedTransaction[]) => void>();
  const places = new Map<HashHex, { readonly height: Height; readonly index: number }>();
  const heights = new Map<HashHex, Height>();

  const last = (): Stored => blocks.at(-1) as Stored;

  function store(header: BlockHeader, executed: readonly Executed[], receipts: readonly Receipt[]): Stored {
    const facts: BlockFacts = {
      height: header.height,
      hash: blockHash(suite, header),
      header,
      body: { transactions: executed.map(({ transaction }) => transaction.bytes), leftOut: [] },
      feeRecipient: FEE_RECIPIENT,
      minimumGasPrice: BASE_FEE,
    };
    const stored = { ...facts, receipts, certificate: header.height === 0 ? undefined : certify(header, facts.hash) };
    blocks.push(stored);
    heights.set(facts.hash, facts.height);
    heights.set(ethereumHeaderHash({ ...facts, suite, receipts }), facts.height);
    for (const [index, { transaction }] of executed.entries()) {
      pool.delete(transaction.hash);
      places.set(transaction.hash, { height: facts.height, index });
    }
    return stored;
  }

  function certify(header: BlockHeader, hash: HashHex): Certificate {
    const digest = certificateDigest(suite, {
      genesisHash: blocks[0]?.hash as HashHex,
      term: header.term,
      height: header.height,
      blockHash: hash,
    });
    const signatures = [0, 1, 2].map((index) => ({
      index: index as ValidatorIndex,
      signature: suite.sign(digest, keys.get(validators[index]?.nodeId as NodeId) as PrivateKey),
    }));
    return { height: header.height, blockHash: hash, signatures };
  }

  function addBlock(executed: readonly Executed[] = []): Stored {
    const parent = last();
    const receipts = receiptsOf(executed);
    const header: BlockHeader = {
      ...parent.header,
      height: toHeight(parent.height + 1),
      proposer: validators[0]?.nodeId as NodeId,
      parentHash: parent.hash,
      timestamp: parent.header.timestamp + 1_500,
      txRoot: txRoot(
        suite,
        executed.map(({ transaction }) => transaction.hash),
      ),
      receiptRoot: receiptRoot(
        suite,
        receipts.map((receipt) => receiptDigest(suite, receipt)),
      ),
      gasUsed: receipts.at(-1)?.cumulativeGasUsed ?? 0n,
    };
    const stored = store(header, executed, receipts);
    for (const listener of [...headListeners]) listener(stored);
    return stored;
  }

  function logsOf(block: Stored): readonly LogFacts[] {
    let logIndex = 0;
    return block.receipts.flatMap(({ logs, transactionHash, index }) =>
      logs.map((log) => ({
        ...log,
        height: block.height,
        blockHash: block.hash,
        timestamp: block.header.timestamp,
        transactionHash,
        transactionIndex: index,
        logIndex: logIndex++,
      })),
    );
  }

  /** The ledger's rule, written once more: a place that is left open still asks for a topic there. */
  async function logs(query: LogQuery): Promise<Result<readonly LogFacts[], Failure>> {
    const found = blocks
      .slice(query.fromHeight, query.toHeight + 1)
      .flatMap(logsOf)
      .filter(
        (log) =>
          (query.addresses.length === 0 || query.addresses.includes(log.address)) &&
          query.topics.length <= log.topics.length &&
          query.topics.every(
            (any, i) => any === undefined || any.length === 0 || any.includes(log.topics[i] as HashHex),
          ),
      );
    return found.length > query.countMax
      ? fail({ code: 'LEDGER_TOO_MANY_LOGS', message: `more than ${query.countMax} logs`, remedy: 'ask for less' })
      : ok(found);
  }

  const chain = {
    chainId: CHAIN_ID,
    groupId: 'group0',
    genesisHash: ZERO_HASH,
    suite,
    clientVersion: 'Hansa/v0.1.0/test',
  };
  store(genesisHeader(validators, state.root), [], []);
  chain.genesisHash = last().hash;

  return {
    validators,
    state,
    addBlock,
    admit: (...transactions) => {
      for (const transaction of transactions) pool.set(transaction.hash, transaction);
      for (const listener of [...pendingListeners]) listener(transactions);
    },
    listenerCount: () => headListeners.size + pendingListeners.size,
    chain,
    head: last,
    heightOfHash: (hash) => heights.get(hash),
    headerAt: (height) => blocks[height]?.header,
    hashAt: (height) => blocks[height]?.hash,
    minimumGasPriceAt: () => BASE_FEE,
    blockAt: (height) => blocks[height],
    receiptsAt: (height) => blocks[height]?.receipts,
    receiptAt: ({ height, index }) => blocks[height]?.receipts[index],
    certificateAt: (height) => blocks[height]?.certificate,
    validatorsAt: () => validators,
    transaction: (hash) => {
      const location = places.get(hash);
      const raw = location === undefined ? undefined : blocks[location.height]?.body.transactions[location.index];
      const transaction = raw === undefined ? pool.get(hash) : decodedOf(raw);
      return transaction === undefined ? undefined : { transaction, location };
    },
    committedTransaction: decodedOf,
    logs,
    submit: async (raw) => {
      const decoded = decodeTransaction(raw);
      if (!decoded.ok) return decoded;
      if (pool.has(decoded.value.hash)) {
        return fail({ code: 'POOL_KNOWN', message: 'already known', remedy: 'nothing needs to be done' });
      }
      const recovered = recoverSender(decoded.value);
      if (!recovered.ok) return recovered;
      pool.set(recovered.value.hash, recovered.value);
      return ok(recovered.value.hash);
    },
    transactionStatus: (hash) => {
      const place = places.get(hash);
      if (place !== undefined) return { type: 'committed', ...place };
      return pool.has(hash) ? { type: 'pending', reason: undefined, remedy: undefined } : { type: 'unknown' };
    },
    poolCounts: () => ({ pending: pool.size, queued: 0, ordered: 1 }),
    poolContent: (address) => ({
      pending: [...pool.values()].filter(({ sender }) => address === undefined || sender === address),
      queued: [],
    }),
    pendingNonce: () => 7n,
    gasPrice: () => BASE_FEE,
    account: async () => ok({ nonce: 5n, balance: 255n, code: Uint8Array.of(0x60, 0x00) }),
    storage: async (_address, slot) => ok(slot),
    call: async (request) => ok({ type: 'success', output: request.data, gasUsed: 21_000n }),
    estimateGas: async () => ok({ type: 'success', output: new Uint8Array(0), gasUsed: 21_000n }),
    createAccessList: async () =>
      ok({
        accessList: [{ address: TOKEN, storageKeys: [topicOf(1)] }],
        outcome: { type: 'success', output: new Uint8Array(0), gasUsed: 30_000n },
      }),
    trace: async ({ height }) =>
      ok((blocks[height]?.receipts ?? []).map(({ transactionHash }) => ({ transactionHash, trace: { gas: 1 } }))),
    stateProof: (key) => ({ height: last().height, header: last().header, ...state.prove(key) }),
    syncing: () => undefined,
    peerCount: () => 3,
    status: () => statusOf(validators),
    members: () => ({
      term: 0,
      changePending: false,
      organisations: [
        {
          id: 'bank-a',
          name: 'Bank A',
          contact: 'ops@bank.example',
          admins: [`0x${'11'.repeat(20)}`],
          threshold: 1,
          governorWeight: 1,
        },
      ],
      members: validators.map(({ nodeId, weight, organisationId }) => ({
        nodeId,
        organisation: organisationId,
        role: 'validator' as const,
        weight,
        addresses: ['127.0.0.1:30303'],
        since: 0,
        reason: 'genesis',
        attestedBy: [],
      })),
    }),
    quarantine: () => undefined,
    committee: () => ({
      participationRate: 66,
      winRate: 66,
      governors: [{ organisation: 'bank-a', weight: 1 }],
      proposalCount: 2,
      openProposals: [2],
    }),
    proposal: (id) => (id === 1 || id === 2 ? proposalReport(id) : undefined),
    membershipHistory: (index, count) =>
      [0, 1, 2].slice(index, index + count).map((at) => ({
        index: at,
        height: at + 1,
        transactionHash: at === 0 ? null : `0x${'ab'.repeat(32)}`,
        cause: 'proposal 1',
        subject: 'rates',
        from: 'participation 66 %, win 66 %',
        to: 'participation 51 %, win 66 %',
      })),
    misbehaviour: () => [],
    onHead: (listener) => {
      headListeners.add(listener);
      return () => headListeners.delete(listener);
    },
    onPendingTransactions: (listener) => {
      pendingListeners.add(listener);
      return () => pendingListeners.delete(listener);
    },
    ...parts,
  };
}

function decodedOf(raw: Uint8Array): SignedTransaction {
  const decoded = decodeTransaction(raw);
  const recovered = decoded.ok ? recoverSender(decoded.value) : decoded;
  if (!recovered.ok) throw new Error(recovered.error.message);
  return recovered.value;
}

function receiptsOf(executed: readonly Executed[]): Receipt[] {
  let cumulativeGasUsed = 0n;
  return executed.map(({ transaction, logs = [], gasUsed = 21_000n, tip = 0n, status = 1, contractAddress }, index) => {
    cumulativeGasUsed += gasUsed;
    return {
      transactionHash: transaction.hash,
      index,
      status,
      gasUsed,
      cumulativeGasUsed,
      effectiveGasPrice: BASE_FEE + tip,
      contractAddress,
      output: new Uint8Array(0),
      logs,
    };
  });
}

function genesisHeader(validators: ValidatorSet, stateRoot: HashHex): BlockHeader {
  return {
    version: 1,
    chainId: CHAIN_ID,
    groupId: 'group0',
    height: toHeight(0),
    term: 0 as Term,
    view: 0 as View,
    proposer: '0'.repeat(128) as NodeId,
    parentHash: ZERO_HASH,
    timestamp: 1_700_000_000_000,
    proposalDigest: ZERO_HASH,
    txRoot: txRoot(suite, []),
    receiptRoot: receiptRoot(suite, []),
    stateRoot,
    gasUsed: 0n,
    gasLimit: 200_000n,
    validatorsHash: validatorsHash(suite, validators),
    nextValidatorsHash: validatorsHash(suite, validators),
    registryRoot: ZERO_HASH,
    extensions: [],
  };
}

function statusOf(validators: ValidatorSet): ReturnType<RpcBackend['status']> {
  const [own, other] = validators;
  if (own === undefined || other === undefined) throw new Error('validators were expected');
  return {
    nodeId: own.nodeId,
    organisation: own.organisationId,
    role: 'validator',
    voting: true,
    lastBlockAgeMs: null,
    term: 0,
    view: 0,
    changing: false,
    primary: own.nodeId,
    validatorCount: 4,
    totalWeight: 4,
    quorumWeight: 3,
    toleratedWeight: 1,
    presentWeight: 3,
    missing: [{ nodeId: other.nodeId, organisation: other.organisationId }],
    whyNoBlock: null,
    remedy: null,
    divergence: null,
    setAside: [],
    certificate: null,
    results: [],
    peers: [
      {
        nodeId: other.nodeId,
        organisation: null,
        state: 'connected',
        address: null,
        height: 1,
        clockOffsetMs: 0.5,
        roundTripMs: null,
        lastError: null,
      },
    ],
  };
}

export const NOBODY: AddressHex = ZERO_ADDRESS;

const ASSESSMENT = {
  validatorCount: 4,
  totalWeight: 4,
  quorumWeight: 3,
  toleratedFaults: 1,
  toleratedAbsences: 1,
  blockingAlone: [],
  blockingPairs: [['bank-a', 'bank-b']],
  blockingPairCount: 1,
};

function proposalReport(id: number): ProposalReport {
  return {
    id,
    organisation: 'bank-a',
    proposer: `0x${'11'.repeat(20)}`,
    createdAt: 3,
    deadline: 9,
    acceptRisk: false,
    reason: '',
    actions: [{ type: 'setParameter', text: 'hansa_window is 4' }],
    effect: { before: ASSESSMENT, after: ASSESSMENT, risks: [] },
    ballots: [{ voter: `0x${'11'.repeat(20)}`, organisation: 'bank-a', agrees: true }],
    votes: { agree: 1, against: 0, total: 4 },
    status: id === 1 ? 'passed' : 'open',
    since: 3,
    code: 0,
  };
}

/** A chain of two blocks in memory as the RPC sees a node: real genesis, transactions, receipts and execution of calls. */
import { type PrivateKey, standardSuite as suite } from '@hansa/crypto';
import {
  blockEnvironment,
  buildGenesisBlock,
  type CallInput,
  type CallOutcome,
  callMessage,
  createAccessList,
  estimateGas,
} from '@hansa/executor';
import { type Failure, fail, fromHex, type HashHex, type Height, ok, type Result, ZERO_HASH } from '@hansa/primitives';
import {
  accountKey,
  blockHash,
  codeKey,
  decodeAccount,
  decodeTransaction,
  encodeSignedTransaction,
  type Receipt,
  receiptDigest,
  receiptRoot,
  recoverSender,
  type SignedTransaction,
  type StateKey,
  storageKey,
  txRoot,
} from '@hansa/protocol';
import type { BlockFacts, CallRequest, LogFacts, LogQuery, NodeStatusReport, RpcBackend } from '@hansa/rpc';
import { Prng } from '../simulator/prng.ts';
import { genesis } from './targets/text-targets.ts';

const KEY: PrivateKey = new Uint8Array(32).fill(0x42);
/** Enough for a loop to be stopped in some milliseconds. */
const GAS_CAP = 200_000n;
const BLOCK_COUNT = 2;

type Stored = BlockFacts & { readonly receipts: readonly Receipt[] };

export function createFuzzBackend(): RpcBackend {
  const world = buildGenesisBlock({ ...genesis(new Prng(5)), chainId: 20_200 }, suite, () => ZERO_HASH);
  const state = new Map<StateKey, Uint8Array>();
  for (const { key, value } of world.changes) if (value !== undefined) state.set(key, value);
  const blocks: Stored[] = [stored(world.block.header, world.hash, [])];
  for (let i = 0; i < BLOCK_COUNT; i++) blocks.push(nextBlock(blocks[i] as Stored, i));
  const head = blocks[BLOCK_COUNT] as Stored;
  const pool = new Map<HashHex, SignedTransaction>();
  const input = (request: CallRequest): CallInput => callInput(head, world.termInfo, state, request);
  const locate = (hash: HashHex): { height: Height; index: number } | undefined => {
    const block = blocks.find(({ receipts }) => receipts.some(({ transactionHash }) => transactionHash === hash));
    return block === undefined ? undefined : { height: block.height, index: 0 };
  };
  return {
    chain: { chainId: 20_200, groupId: 'group0', genesisHash: world.hash, suite, clientVersion: 'Hansa/v0/fuzz' },
    head: () => head,
    heightOfHash: (hash) => blocks.find((block) => block.hash === hash)?.height,
    headerAt: (height) => blocks[height]?.header,
    hashAt: (height) => blocks[height]?.hash,
    minimumGasPriceAt: () => 0n,
    blockAt: (height) => blocks[height],
    receiptsAt: (height) => blocks[height]?.receipts,
    receiptAt: ({ height, index }) => blocks[height]?.receipts[index],
    certificateAt: (height) =>
      blocks[height] === undefined || height === 0
        ? undefined
        : { height, blockHash: (blocks[height] as Stored).hash, signatures: [] },
    validatorsAt: (height) => (blocks[height] === undefined ? undefined : world.termInfo.validators),
    transaction: (hash) => {
      const location = locate(hash);
      const raw = location === undefined ? undefined : blocks[location.height]?.body.transactions[0];
      const transaction = raw === undefined ? pool.get(hash) : signedOf(raw);
      return transaction === undefined ? undefined : { transaction, location };
    },
    committedTransaction: signedOf,
    logs: (query) => Promise.resolve(logsOf(blocks, query)),
    submit: (raw) => Promise.resolve(submit(pool, raw)),
    transactionStatus: (hash) => {
      const place = locate(hash);
      return place === undefined ? { type: 'unknown' } : { type: 'committed', ...place };
    },
    poolCounts: () => ({ pending: pool.size, queued: 0, ordered: 0 }),
    poolContent: () => ({ pending: [...pool.values()], queued: [] }),
    pendingNonce: () => 2n,
    gasPrice: () => 0n,
    account: (address) => Promise.resolve(accountOf(state, accountKey(address))),
    storage: (address, slot) => {
      const value = state.get(storageKey(address, slot));
      return Promise.resolve(ok(value === undefined ? ZERO_HASH : (hexOf(value).padStart(64, '0') as HashHex)));
    },
    call: async (request) => ok(outcomeOf(await callMessage(input(request)))),
    estimateGas: async (request) => {
      const outcome = await estimateGas(input(request));
      if (outcome.type === 'failed') return ok({ ...outcome, gasUsed: 0n });
      if (outcome.type === 'revert') return ok({ type: 'reverted', output: outcome.output, gasUsed: 0n });
      return ok({ type: 'success', output: new Uint8Array(0), gasUsed: outcome.gas });
    },
    createAccessList: async (request) => {
      const outcome = await createAccessList(input(request));
      if (outcome.type === 'failed') return ok({ accessList: [], outcome: { ...outcome, gasUsed: 0n } });
      const { accessList, gasUsed } = outcome;
      return ok({ accessList, outcome: { type: 'success', output: new Uint8Array(0), gasUsed } });
    },
    trace: () => Promise.resolve(fail({ code: 'FUZZ_NO_TRACE', message: 'no traces here', remedy: 'none' })),
    stateProof: (key) => ({
      height: head.height,
      header: head.header,
      value: state.get(key),
      proof: { siblings: [], leaf: undefined },
    }),
    syncing: () => undefined,
    peerCount: () => 3,
    status: () => statusOf(world.termInfo.validators.map(({ nodeId }) => nodeId)[0] as NodeStatusReport['nodeId']),
    quarantine: () => undefined,
    members: () => ({ term: 0, organisations: [], members: [], changePending: false }),
    committee: () => ({ participationRate: 66, winRate: 66, governors: [], proposalCount: 0, openProposals: [] }),
    proposal: () => undefined,
    membershipHistory: () => [],
    misbehaviour: () => [],
    onHead: () => () => undefined,
    onPendingTransactions: () => () => undefined,
  };
}

function stored(header: BlockFacts['header'], hash: HashHex, transactions: readonly SignedTransaction[]): Stored {
  const receipts = transactions.map((transaction) => receiptOf(transaction));
  return {
    height: header.height,
    hash,
    header,
    body: { transactions: transactions.map(({ bytes }) => bytes), leftOut: [] },
    feeRecipient: '0'.repeat(40) as never,
    minimumGasPrice: 0n,
    receipts,
  };
}

function nextBlock(parent: Stored, nonce: number): Stored {
  const bytes = encodeSignedTransaction(
    {
      type: nonce === 0 ? 0 : 2,
      chainId: 20_200,
      nonce: BigInt(nonce),
      gasLimit: 100_000n,
      maxFeePerGas: 0n,
      maxPriorityFeePerGas: 0n,
      to: 'ab'.repeat(20) as never,
      value: 1n,
      data: Uint8Array.of(1, 2, 3),
      accessList: [],
    },
    KEY,
  );
  const transaction = signedOf(bytes);
  const header: BlockFacts['header'] = {
    ...parent.header,
    height: (parent.height + 1) as Height,
    parentHash: parent.hash,
    timestamp: parent.header.timestamp + 1_000,
    txRoot: txRoot(suite, [transaction.hash]),
    receiptRoot: receiptRoot(suite, [receiptDigest(suite, receiptOf(transaction))]),
    gasUsed: 21_000n,
  };
  return stored(header, blockHash(suite, header), [transaction]);
}

const receiptOf = (transaction: SignedTransaction): Receipt => ({
  transactionHash: transaction.hash,
  index: 0,
  status: 1,
  gasUsed: 21_000n,
  cumulativeGasUsed: 21_000n,
  effectiveGasPrice: 0n,
  contractAddress: undefined,
  output: new Uint8Array(0),
  logs: [{ address: 'ab'.repeat(20) as never, topics: ['01'.repeat(32) as HashHex], data: Uint8Array.of(9) }],
});

function signedOf(raw: Uint8Array): SignedTransaction {
  const decoded = decodeTransaction(raw);
  const recovered = decoded.ok ? recoverSender(decoded.value) : decoded;
  if (!recovered.ok) throw new Error(recovered.error.message);
  return recovered.value;
}

/** Bounded: a fuzzer sends many. */
function submit(pool: Map<HashHex, SignedTransaction>, raw: Uint8Array): Result<HashHex, Failure> {
  const decoded = decodeTransaction(raw);
  if (!decoded.ok) return decoded;
  const recovered = recoverSender(decoded.value);
  if (!recovered.ok) return recovered;
  if (pool.size >= 16) pool.clear();
  pool.set(recovered.value.hash, recovered.value);
  return ok(recovered.value.hash);
}

function logsOf(blocks: readonly Stored[], query: LogQuery): Result<readonly LogFacts[], Failure> {
  const found = blocks.slice(query.fromHeight, query.toHeight + 1).flatMap((block) =>
    block.receipts.flatMap(({ logs, transactionHash, index }) =>
      logs.map((log, logIndex) => ({
        ...log,
        height: block.height,
        blockHash: block.hash,
        timestamp: block.header.timestamp,
        transactionHash,
        transactionIndex: index,
        logIndex,
      })),
    ),
  );
  return ok(found.filter(({ address }) => query.addresses.length === 0 || query.addresses.includes(address)));
}

type AccountAnswer = Awaited<ReturnType<RpcBackend['account']>>;

function accountOf(state: ReadonlyMap<StateKey, Uint8Array>, key: StateKey): AccountAnswer {
  const bytes = state.get(key);
  const decoded = bytes === undefined ? undefined : decodeAccount(bytes);
  if (decoded === undefined || !decoded.ok) return ok({ nonce: 0n, balance: 0n, code: new Uint8Array(0) });
  const { nonce, balance, codeHash } = decoded.value;
  return ok({ nonce, balance, code: state.get(codeKey(codeHash)) ?? new Uint8Array(0) });
}

function callInput(
  head: Stored,
  info: Parameters<typeof blockEnvironment>[0]['info'],
  state: ReadonlyMap<StateKey, Uint8Array>,
  { overrides, ...request }: CallRequest,
): CallInput {
  const height = (head.height + 1) as Height;
  const environment = blockEnvironment({
    suite,
    chainId: 20_200,
    parent: head,
    info,
    height,
    timestampMs: head.header.timestamp + 1,
    blockHashAt: () => undefined,
  });
  const changed = overrides.map(({ address, balance, nonce, code, storage }) => {
    const slots = new Map((storage?.slots ?? []).map(([slot, value]) => [slot, fromHex(value)] as const));
    const content = {
      ...(balance === undefined ? {} : { balance }),
      ...(nonce === undefined ? {} : { nonce }),
      ...(code === undefined ? {} : { code }),
      ...(storage === undefined ? {} : storage.replace ? { state: slots } : { stateDiff: slots }),
    };
    return [address, content] as const;
  });
  return {
    suite,
    environment,
    state: { get: (key) => state.get(key) },
    request,
    overrides: changed.length === 0 ? undefined : new Map(changed),
    gasCap: GAS_CAP,
  };
}

const outcomeOf = (outcome: CallOutcome): Extract<Awaited<ReturnType<RpcBackend['call']>>, { ok: true }>['value'] =>
  outcome.type === 'revert' ? { ...outcome, type: 'reverted' } : outcome;

const hexOf = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

const statusOf = (nodeId: NodeStatusReport['nodeId']): NodeStatusReport => ({
  nodeId,
  organisation: 'alpha',
  role: 'validator',
  voting: true,
  lastBlockAgeMs: null,
  term: 0,
  view: 0,
  changing: false,
  primary: nodeId,
  validatorCount: 1,
  totalWeight: 1,
  quorumWeight: 1,
  toleratedWeight: 0,
  presentWeight: 1,
  missing: [],
  whyNoBlock: null,
  remedy: null,
  divergence: null,
  setAside: [],
  certificate: null,
  results: [],
  peers: [],
});

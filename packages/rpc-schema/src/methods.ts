import {
  ACCESS_LIST,
  ADDRESS,
  ANY,
  BLOCK,
  BLOCK_REFERENCE,
  BLOCK_TAG,
  CALL,
  CERTIFICATE,
  DATA,
  FLAG,
  HANSA_HEADER,
  HASH,
  LOG,
  LOG_FILTER,
  MERKLE_PROOF,
  NODE_ID,
  QUANTITY,
  RECEIPT,
  SLOT,
  STATE_OVERRIDES,
  STATUS,
  TEXT,
  TRACE_OPTIONS,
  TRANSACTION,
  VALIDATOR,
  WHOLE,
} from './components.ts';
import { listOf, type MethodDescription, method, optional, orNull, param, record } from './description.ts';

const TX_HASH = param('transactionHash', HASH);
const INDEX = param('index', QUANTITY);
const AT = optional('block', BLOCK_REFERENCE);
const FILTER_ID = param('filterId', QUANTITY);
const CALL_PARAMS = [param('call', CALL), AT];
const POOL_BY_NONCE = { type: 'object', additionalProperties: TRANSACTION };
const POOL_BY_SENDER = { type: 'object', additionalProperties: POOL_BY_NONCE };

const ASSESSMENT = record({
  validatorCount: WHOLE,
  totalWeight: WHOLE,
  quorumWeight: WHOLE,
  toleratedFaults: WHOLE,
  toleratedAbsences: WHOLE,
  blockingAlone: listOf(TEXT),
  blockingPairs: listOf(listOf(TEXT)),
  blockingPairCount: WHOLE,
});
const PROPOSAL = record({
  id: WHOLE,
  organisation: TEXT,
  proposer: ADDRESS,
  createdAt: WHOLE,
  deadline: WHOLE,
  acceptRisk: FLAG,
  reason: TEXT,
  actions: listOf(record({ type: TEXT, text: TEXT })),
  effect: record({ before: ASSESSMENT, after: ASSESSMENT, risks: listOf(TEXT) }),
  ballots: listOf(record({ voter: ADDRESS, organisation: orNull(TEXT), agrees: FLAG })),
  votes: record({ agree: WHOLE, against: WHOLE, total: WHOLE }),
  status: { enum: ['open', 'waiting', 'passed', 'denied', 'revoked', 'outdated'] },
  since: WHOLE,
  code: { type: 'integer' },
});

const CLIENT: readonly MethodDescription[] = [
  method('web3_clientVersion', 'Name and version of the program', [], TEXT),
  method('web3_sha3', 'Keccak-256 of bytes', [param('data', DATA)], HASH),
  method('net_version', 'Chain id in decimal', [], TEXT),
  method('net_listening', 'Whether the node takes connections', [], FLAG),
  method('net_peerCount', 'Nodes that are connected', [], QUANTITY),
  method('rpc_modules', 'Prefixes of methods and their version', [], { type: 'object', additionalProperties: TEXT }),
  method('rpc.discover', 'This description (OpenRPC)', [], { type: 'object' }),
];

const CHAIN: readonly MethodDescription[] = [
  method('eth_chainId', 'Chain id', [], QUANTITY),
  method('eth_syncing', 'false, or how far the node is while it fetches blocks', [], {
    oneOf: [FLAG, record({ startingBlock: QUANTITY, currentBlock: QUANTITY, highestBlock: QUANTITY })],
  }),
  method('eth_blockNumber', 'Height of the head', [], QUANTITY),
  method('eth_gasPrice', 'Least price that a transaction needs, in wei', [], QUANTITY),
  method('eth_maxPriorityFeePerGas', 'Tip that a transaction needs: none', [], QUANTITY),
  method(
    'eth_feeHistory',
    'Base fees, fill and tips of past blocks',
    [
      param('blockCount', { oneOf: [QUANTITY, WHOLE] }),
      param('newestBlock', BLOCK_TAG),
      optional('rewardPercentiles', listOf({ type: 'number' })),
    ],
    record(
      {
        oldestBlock: QUANTITY,
        baseFeePerGas: listOf(QUANTITY),
        gasUsedRatio: listOf({ type: 'number' }),
        reward: listOf(listOf(QUANTITY)),
      },
      ['reward'],
    ),
  ),
  method('eth_accounts', 'Accounts whose keys the node holds: none', [], listOf(ADDRESS)),
  method('eth_getBlockByHash', 'A block', [param('hash', HASH), optional('full', FLAG)], orNull(BLOCK)),
  method('eth_getBlockByNumber', 'A block', [param('block', BLOCK_TAG), optional('full', FLAG)], orNull(BLOCK)),
  method('eth_getBlockReceipts', 'All receipts of a block', [param('block', BLOCK_REFERENCE)], orNull(listOf(RECEIPT))),
  method('eth_getBlockTransactionCountByHash', 'Transactions of a block', [param('hash', HASH)], orNull(QUANTITY)),
  method(
    'eth_getBlockTransactionCountByNumber',
    'Transactions of a block',
    [param('block', BLOCK_TAG)],
    orNull(QUANTITY),
  ),
  method('eth_getUncleCountByBlockHash', 'Uncles: none', [param('hash', HASH)], orNull(QUANTITY)),
  method('eth_getUncleCountByBlockNumber', 'Uncles: none', [param('block', BLOCK_TAG)], orNull(QUANTITY)),
  method('eth_getTransactionByHash', 'A transaction, committed or in the pool', [TX_HASH], orNull(TRANSACTION)),
  method(
    'eth_getTransactionByBlockHashAndIndex',
    'A transaction by its place',
    [param('hash', HASH), INDEX],
    orNull(TRANSACTION),
  ),
  method(
    'eth_getTransactionByBlockNumberAndIndex',
    'A transaction by its place',
    [param('block', BLOCK_TAG), INDEX],
    orNull(TRANSACTION),
  ),
  method('eth_getRawTransactionByHash', 'Bytes of a transaction as they were signed', [TX_HASH], orNull(DATA)),
  method('eth_getTransactionReceipt', 'Receipt of a committed transaction', [TX_HASH], orNull(RECEIPT)),
  method('eth_getLogs', 'Logs of a range of blocks, or of one block', [param('filter', LOG_FILTER)], listOf(LOG)),
];

const STATE: readonly MethodDescription[] = [
  method('eth_getBalance', 'Balance in wei', [param('address', ADDRESS), AT], QUANTITY),
  method('eth_getStorageAt', 'One storage slot', [param('address', ADDRESS), param('slot', SLOT), AT], HASH),
  method('eth_getTransactionCount', 'Next nonce of an account', [param('address', ADDRESS), AT], QUANTITY),
  method('eth_getCode', 'Code of an account', [param('address', ADDRESS), AT], DATA),
  method(
    'eth_getProof',
    'Answers with an error: use hansa_getProof',
    [param('address', ADDRESS), param('slots', listOf(SLOT)), AT],
    ANY,
  ),
  method(
    'eth_call',
    'Executes a call and keeps nothing of it',
    [...CALL_PARAMS, optional('overrides', STATE_OVERRIDES)],
    DATA,
  ),
  method(
    'eth_estimateGas',
    'Least gas limit with which a call succeeds',
    [...CALL_PARAMS, optional('overrides', STATE_OVERRIDES)],
    QUANTITY,
  ),
  method(
    'eth_createAccessList',
    'What a call touches, as an access list',
    CALL_PARAMS,
    record({ accessList: ACCESS_LIST, gasUsed: QUANTITY, error: TEXT }, ['error']),
  ),
];

const SENDING: readonly MethodDescription[] = [
  method('eth_sendRawTransaction', 'Hands in a signed transaction', [param('transaction', DATA)], HASH),
  method(
    'eth_sendRawTransactionSync',
    'Hands in a signed transaction and waits for its receipt (EIP-7966)',
    [param('transaction', DATA), optional('timeoutMs', { oneOf: [WHOLE, QUANTITY] })],
    RECEIPT,
  ),
  method('txpool_status', 'Counts of the pool', [], record({ pending: QUANTITY, queued: QUANTITY })),
  method(
    'txpool_content',
    'Transactions of the pool by sender and nonce',
    [],
    record({ pending: POOL_BY_SENDER, queued: POOL_BY_SENDER }),
  ),
  method(
    'txpool_contentFrom',
    'Transactions of one sender in the pool, by nonce',
    [param('address', ADDRESS)],
    record({ pending: POOL_BY_NONCE, queued: POOL_BY_NONCE }),
  ),
];

const FILTERS: readonly MethodDescription[] = [
  method('eth_newFilter', 'Filter of logs, to be polled', [param('filter', LOG_FILTER)], QUANTITY),
  method('eth_newBlockFilter', 'Filter of block hashes, to be polled', [], QUANTITY),
  method('eth_newPendingTransactionFilter', 'Filter of hashes that enter the pool, to be polled', [], QUANTITY),
  method('eth_getFilterChanges', 'What is new since the last poll', [FILTER_ID], listOf({ oneOf: [HASH, LOG] })),
  method('eth_getFilterLogs', 'All logs of a filter', [FILTER_ID], listOf(LOG)),
  method('eth_uninstallFilter', 'Removes a filter', [FILTER_ID], FLAG),
  {
    ...method(
      'eth_subscribe',
      'Notifies of newHeads, logs or newPendingTransactions',
      [
        param('kind', { enum: ['newHeads', 'logs', 'newPendingTransactions'] }),
        optional('options', { oneOf: [LOG_FILTER, FLAG] }),
      ],
      QUANTITY,
    ),
    needsSocket: true,
  },
  { ...method('eth_unsubscribe', 'Ends a subscription', [param('subscriptionId', QUANTITY)], FLAG), needsSocket: true },
];

const DEBUG: readonly MethodDescription[] = [
  method(
    'debug_traceTransaction',
    'Executes a committed transaction again and tells its steps',
    [TX_HASH, optional('options', TRACE_OPTIONS)],
    { type: 'object' },
  ),
  method(
    'debug_traceBlockByNumber',
    'Traces of all transactions of a block',
    [param('block', BLOCK_TAG), optional('options', TRACE_OPTIONS)],
    listOf(record({ txHash: HASH, result: { type: 'object' } })),
  ),
  method(
    'debug_traceBlockByHash',
    'Traces of all transactions of a block',
    [param('hash', HASH), optional('options', TRACE_OPTIONS)],
    listOf(record({ txHash: HASH, result: { type: 'object' } })),
  ),
];

const TRANSACTION_STATUS = record(
  {
    status: {
      enum: ['unknown', 'pending', 'ordered', 'committed', 'left out', 'replaced', 'expired', 'dropped here'],
    },
    reason: TEXT,
    remedy: TEXT,
    code: TEXT,
    height: QUANTITY,
    index: QUANTITY,
    lastHeight: QUANTITY,
    replacedBy: HASH,
  },
  ['reason', 'remedy', 'code', 'height', 'index', 'lastHeight', 'replacedBy'],
);

const STATE_PROOF = record({
  height: QUANTITY,
  blockHash: HASH,
  header: HANSA_HEADER,
  certificate: orNull(CERTIFICATE),
  key: DATA,
  value: orNull(DATA),
  leaf: orNull(record({ keyHash: HASH, valueHash: HASH })),
  siblings: listOf(HASH),
});

const OWN: readonly MethodDescription[] = [
  method('hansa_getStatus', 'Role, view, heights, peers, who is missing, and why no block comes', [], STATUS),
  method(
    'hansa_getHeader',
    'Header of a block with all its fields',
    [param('block', BLOCK_REFERENCE)],
    orNull(HANSA_HEADER),
  ),
  method(
    'hansa_getCertificate',
    'Signatures that make a block final',
    [param('block', BLOCK_REFERENCE)],
    orNull(CERTIFICATE),
  ),
  method(
    'hansa_getCertifiedBlock',
    'A block, its certificate, its receipts and the validators of the next height in canonical bytes',
    [param('block', BLOCK_REFERENCE)],
    orNull(record({ header: DATA, body: DATA, certificate: DATA, receipts: listOf(DATA), nextValidators: DATA })),
  ),
  method(
    'hansa_getTransactionProof',
    'Proof of a transaction and its receipt, up to the certificate',
    [TX_HASH],
    orNull(
      record({
        transactionHash: HASH,
        rawTransaction: DATA,
        transaction: MERKLE_PROOF,
        rawReceipt: DATA,
        receipt: MERKLE_PROOF,
        header: HANSA_HEADER,
        certificate: orNull(CERTIFICATE),
        validators: listOf(VALIDATOR),
      }),
    ),
  ),
  method(
    'hansa_getProof',
    'Proof of an entry of the state at the head: account, storage slot, or any key',
    [param('addressOrKey', DATA), optional('slot', SLOT)],
    STATE_PROOF,
  ),
  method(
    'hansa_getMembers',
    'Organisations and nodes of the chain',
    [],
    record({
      term: WHOLE,
      changePending: FLAG,
      organisations: listOf(
        record({
          id: TEXT,
          name: TEXT,
          contact: TEXT,
          admins: listOf(TEXT),
          threshold: WHOLE,
          governorWeight: WHOLE,
        }),
      ),
      members: listOf(
        record({
          nodeId: NODE_ID,
          organisation: TEXT,
          role: { enum: ['validator', 'candidate', 'observer', 'suspended'] },
          weight: WHOLE,
          addresses: listOf(TEXT),
          since: WHOLE,
          reason: TEXT,
          attestedBy: listOf(NODE_ID),
        }),
      ),
    }),
  ),
  method(
    'hansa_getCommittee',
    'The governing committee: who votes with which weight, and how it decides',
    [],
    record({
      participationRate: WHOLE,
      winRate: WHOLE,
      governors: listOf(record({ organisation: TEXT, weight: WHOLE })),
      proposalCount: WHOLE,
      openProposals: listOf(WHOLE),
    }),
  ),
  method('hansa_getProposal', 'A proposal of the committee', [param('id', WHOLE)], orNull(PROPOSAL)),
  method(
    'hansa_getProposals',
    'Proposals of the committee, newest first',
    [optional('from', WHOLE), optional('count', WHOLE)],
    listOf(PROPOSAL),
  ),
  method(
    'hansa_getMembershipHistory',
    'Changes of members, committee, parameters and permissions, oldest first',
    [optional('index', WHOLE), optional('count', WHOLE)],
    listOf(
      record({
        index: WHOLE,
        height: WHOLE,
        transactionHash: orNull(HASH),
        cause: TEXT,
        subject: TEXT,
        from: TEXT,
        to: TEXT,
      }),
    ),
  ),
  method('hansa_getTransactionStatus', 'What has become of a transaction', [TX_HASH], TRANSACTION_STATUS),
  method(
    'hansa_getMisbehaviour',
    'Proofs that validators have signed contradicting messages, oldest first',
    [],
    listOf(
      record({
        format: TEXT,
        genesisHash: HASH,
        nodeId: NODE_ID,
        organisation: orNull(TEXT),
        kind: { enum: ['proposal', 'prepare', 'commit', 'result', 'view-change', 'new-view'] },
        term: WHOLE,
        view: orNull(WHOLE),
        height: orNull(WHOLE),
        seenAt: WHOLE,
        first: DATA,
        second: DATA,
      }),
    ),
  ),
];

/** Every method, in the order of the documentation. */
export const METHODS: readonly MethodDescription[] = [
  ...CLIENT,
  ...CHAIN,
  ...STATE,
  ...SENDING,
  ...FILTERS,
  ...DEBUG,
  ...OWN,
];

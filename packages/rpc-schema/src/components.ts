import { type JsonSchema, listOf, orNull, record } from './description.ts';

const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
const hex = (description: string, pattern: string): JsonSchema => ({ type: 'string', description, pattern });

export const QUANTITY: JsonSchema = ref('Quantity');
export const DATA: JsonSchema = ref('Data');
export const HASH: JsonSchema = ref('Hash');
export const ADDRESS: JsonSchema = ref('Address');
export const SLOT: JsonSchema = ref('Slot');
export const NODE_ID: JsonSchema = ref('NodeId');
export const BLOCK: JsonSchema = ref('Block');
export const BLOCK_TAG: JsonSchema = ref('BlockTag');
export const BLOCK_REFERENCE: JsonSchema = ref('BlockReference');
export const TRANSACTION: JsonSchema = ref('Transaction');
export const RECEIPT: JsonSchema = ref('Receipt');
export const LOG: JsonSchema = ref('Log');
export const LOG_FILTER: JsonSchema = ref('LogFilter');
export const CALL: JsonSchema = ref('Call');
export const STATE_OVERRIDES: JsonSchema = ref('StateOverrides');
export const ACCESS_LIST: JsonSchema = ref('AccessList');
export const TRACE_OPTIONS: JsonSchema = ref('TraceOptions');
export const HANSA_HEADER: JsonSchema = ref('HansaHeader');
export const CERTIFICATE: JsonSchema = ref('Certificate');
export const MERKLE_PROOF: JsonSchema = ref('MerkleProof');
export const STATUS: JsonSchema = ref('NodeStatus');
export const VALIDATOR: JsonSchema = ref('Validator');
export const TEXT: JsonSchema = { type: 'string' };
export const FLAG: JsonSchema = { type: 'boolean' };
export const WHOLE: JsonSchema = { type: 'integer' };
export const ANY: JsonSchema = {};

const TRANSACTION_FIELDS: Readonly<Record<string, JsonSchema>> = {
  type: QUANTITY,
  hash: HASH,
  blockHash: orNull(HASH),
  blockNumber: orNull(QUANTITY),
  blockTimestamp: orNull(QUANTITY),
  transactionIndex: orNull(QUANTITY),
  from: ADDRESS,
  to: orNull(ADDRESS),
  nonce: QUANTITY,
  value: QUANTITY,
  gas: QUANTITY,
  gasPrice: QUANTITY,
  maxFeePerGas: QUANTITY,
  maxPriorityFeePerGas: QUANTITY,
  input: DATA,
  accessList: ACCESS_LIST,
  chainId: QUANTITY,
  v: QUANTITY,
  r: QUANTITY,
  s: QUANTITY,
  yParity: QUANTITY,
};

const LOG_FIELDS: JsonSchema = record({
  address: ADDRESS,
  topics: listOf(HASH),
  data: DATA,
  blockNumber: QUANTITY,
  blockHash: HASH,
  blockTimestamp: QUANTITY,
  transactionHash: HASH,
  transactionIndex: QUANTITY,
  logIndex: QUANTITY,
  removed: FLAG,
});

const HEADER_FIELDS: Readonly<Record<string, JsonSchema>> = {
  number: QUANTITY,
  hash: HASH,
  parentHash: HASH,
  nonce: DATA,
  sha3Uncles: HASH,
  logsBloom: DATA,
  transactionsRoot: HASH,
  stateRoot: HASH,
  receiptsRoot: HASH,
  miner: ADDRESS,
  difficulty: QUANTITY,
  extraData: DATA,
  gasLimit: QUANTITY,
  gasUsed: QUANTITY,
  timestamp: QUANTITY,
  baseFeePerGas: QUANTITY,
  mixHash: HASH,
};

const PEER: JsonSchema = record({
  nodeId: NODE_ID,
  organisation: orNull(TEXT),
  state: TEXT,
  address: orNull(TEXT),
  height: orNull(WHOLE),
  clockOffsetMs: orNull({ type: 'number' }),
  roundTripMs: orNull({ type: 'number' }),
  lastError: orNull(TEXT),
});

/** What the methods name by `$ref`. */
export const COMPONENTS: Readonly<Record<string, JsonSchema>> = {
  Quantity: hex('Number in hex without leading zeros', '^0x(?:0|[1-9a-f][0-9a-f]*)$'),
  Data: hex('Bytes in hex, two digits each', '^0x(?:[0-9a-f]{2})*$'),
  Hash: hex('32 bytes', '^0x[0-9a-f]{64}$'),
  Slot: hex('Storage slot, with or without leading zeros', '^0x[0-9a-fA-F]{1,64}$'),
  Address: hex('20 bytes', '^0x[0-9a-fA-F]{40}$'),
  NodeId: hex('Public key of a node, 64 bytes', '^[0-9a-f]{128}$'),
  BlockTag: {
    oneOf: [{ enum: ['latest', 'safe', 'finalized', 'pending', 'earliest'] }, QUANTITY],
    description:
      'Final is final: latest, safe and finalized are the head. pending is the head with the nonces of the pool.',
  },
  BlockReference: {
    // A hash without leading zeros is a quantity, too.
    anyOf: [
      BLOCK_TAG,
      HASH,
      record({ blockNumber: QUANTITY, blockHash: HASH, requireCanonical: FLAG }, [
        'blockNumber',
        'blockHash',
        'requireCanonical',
      ]),
    ],
    description: 'Tag, number, hash, or an object of EIP-1898',
  },
  AccessList: listOf(record({ address: ADDRESS, storageKeys: listOf(HASH) })),
  Transaction: record(TRANSACTION_FIELDS, [
    'blockTimestamp',
    'maxFeePerGas',
    'maxPriorityFeePerGas',
    'accessList',
    'yParity',
  ]),
  Header: record(HEADER_FIELDS),
  Block: record(
    {
      ...HEADER_FIELDS,
      totalDifficulty: QUANTITY,
      size: QUANTITY,
      uncles: listOf(HASH),
      transactions: { type: 'array', items: { oneOf: [HASH, TRANSACTION] } },
    },
    [],
  ),
  Log: LOG_FIELDS,
  Receipt: record({
    type: QUANTITY,
    status: QUANTITY,
    transactionHash: HASH,
    transactionIndex: QUANTITY,
    blockHash: HASH,
    blockNumber: QUANTITY,
    from: ADDRESS,
    to: orNull(ADDRESS),
    contractAddress: orNull(ADDRESS),
    gasUsed: QUANTITY,
    cumulativeGasUsed: QUANTITY,
    effectiveGasPrice: QUANTITY,
    logs: listOf(LOG),
    logsBloom: DATA,
  }),
  LogFilter: record(
    {
      fromBlock: BLOCK_TAG,
      toBlock: BLOCK_TAG,
      blockHash: HASH,
      address: { oneOf: [ADDRESS, listOf(ADDRESS)] },
      topics: listOf(orNull({ oneOf: [HASH, listOf(HASH)] })),
    },
    ['fromBlock', 'toBlock', 'blockHash', 'address', 'topics'],
  ),
  Call: record(
    {
      from: ADDRESS,
      to: orNull(ADDRESS),
      gas: QUANTITY,
      gasPrice: QUANTITY,
      maxFeePerGas: QUANTITY,
      maxPriorityFeePerGas: QUANTITY,
      value: QUANTITY,
      nonce: QUANTITY,
      input: DATA,
      data: DATA,
      accessList: ACCESS_LIST,
      chainId: QUANTITY,
      type: QUANTITY,
    },
    [
      'from',
      'to',
      'gas',
      'gasPrice',
      'maxFeePerGas',
      'maxPriorityFeePerGas',
      'value',
      'nonce',
      'input',
      'data',
      'accessList',
      'chainId',
      'type',
    ],
  ),
  StateOverrides: {
    type: 'object',
    description: 'By address',
    additionalProperties: record(
      {
        balance: QUANTITY,
        nonce: QUANTITY,
        code: DATA,
        state: { type: 'object', additionalProperties: HASH },
        stateDiff: { type: 'object', additionalProperties: HASH },
      },
      ['balance', 'nonce', 'code', 'state', 'stateDiff'],
    ),
  },
  TraceOptions: record(
    {
      tracer: { enum: ['callTracer', 'prestateTracer'], description: 'Absent: struct logger' },
      tracerConfig: record({ onlyTopCall: FLAG, withLog: FLAG, diffMode: FLAG }, [
        'onlyTopCall',
        'withLog',
        'diffMode',
      ]),
      enableMemory: FLAG,
      disableStack: FLAG,
      disableStorage: FLAG,
      enableReturnData: FLAG,
      timeout: TEXT,
      reexec: WHOLE,
    },
    [
      'tracer',
      'tracerConfig',
      'enableMemory',
      'disableStack',
      'disableStorage',
      'enableReturnData',
      'timeout',
      'reexec',
    ],
  ),
  Validator: record({ index: WHOLE, nodeId: NODE_ID, weight: WHOLE, organisationId: TEXT }),
  HansaHeader: record({
    version: WHOLE,
    chainId: WHOLE,
    groupId: TEXT,
    height: QUANTITY,
    hash: HASH,
    term: WHOLE,
    view: WHOLE,
    proposer: NODE_ID,
    parentHash: HASH,
    timestamp: { ...WHOLE, description: 'Milliseconds since 1970' },
    proposalDigest: HASH,
    txRoot: HASH,
    receiptRoot: HASH,
    stateRoot: HASH,
    gasUsed: QUANTITY,
    gasLimit: QUANTITY,
    validatorsHash: HASH,
    nextValidatorsHash: HASH,
    registryRoot: HASH,
    extensions: listOf(record({ size: QUANTITY, root: HASH })),
    encoded: { ...DATA, description: 'The bytes whose digest is the block hash' },
  }),
  Certificate: record({
    height: QUANTITY,
    blockHash: HASH,
    term: WHOLE,
    signatures: listOf(record({ index: WHOLE, nodeId: NODE_ID, weight: WHOLE, signature: DATA })),
    weight: WHOLE,
    quorumWeight: WHOLE,
  }),
  MerkleProof: record({ index: WHOLE, count: WHOLE, leaf: HASH, siblings: listOf(HASH), root: HASH }),
  NodeStatus: record({
    nodeId: NODE_ID,
    organisation: orNull(TEXT),
    role: { enum: ['validator', 'observer'] },
    voting: FLAG,
    chainId: QUANTITY,
    groupId: TEXT,
    genesisHash: HASH,
    height: QUANTITY,
    headHash: HASH,
    lastBlockAgeMs: orNull(WHOLE),
    term: WHOLE,
    view: WHOLE,
    changing: FLAG,
    primary: NODE_ID,
    validatorCount: WHOLE,
    totalWeight: WHOLE,
    quorumWeight: WHOLE,
    toleratedWeight: WHOLE,
    presentWeight: WHOLE,
    missing: listOf(record({ nodeId: NODE_ID, organisation: orNull(TEXT) })),
    whyNoBlock: orNull(TEXT),
    remedy: orNull(TEXT),
    divergence: orNull(
      record({
        height: WHOLE,
        field: TEXT,
        certified: TEXT,
        own: TEXT,
        key: orNull(TEXT),
        certifiedValue: orNull(TEXT),
        ownValue: orNull(TEXT),
        healing: orNull(TEXT),
      }),
    ),
    certificate: orNull(
      record({ subject: TEXT, issuer: TEXT, serialNumber: TEXT, notAfter: TEXT, daysLeft: WHOLE, state: TEXT }),
    ),
    setAside: listOf(record({ nodeId: NODE_ID, organisation: TEXT, role: TEXT, since: WHOLE, reason: TEXT })),
    results: listOf(record({ height: WHOLE, blockHash: HASH, weight: WHOLE, nodeIds: listOf(NODE_ID) })),
    syncing: orNull(record({ current: QUANTITY, highest: QUANTITY })),
    pool: record({ pending: WHOLE, queued: WHOLE, ordered: WHOLE }),
    peers: listOf(PEER),
  }),
};

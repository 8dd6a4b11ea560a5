/** Every maximum of the formats, with the relations that must hold between them. Documented in docs/spec/formats.md. */
import { assert } from '@hansa/primitives';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Bytes of one transaction as it is signed and sent. go-ethereum's pool has the same maximum. */
export const TX_SIZE_MAX: number = 128 * KIB;
/** Nested lists of a transaction: the transaction, its access list, an entry, the entry's storage keys. */
export const RLP_DEPTH_MAX = 4;
/** Entries of one access list, and storage keys of one entry: what fits the size anyway, said as a number. */
export const ACCESS_LIST_ENTRY_COUNT_MAX = 4096;
export const ACCESS_LIST_KEY_COUNT_MAX = 4096;

/** Transactions that a proposal can name; the chain parameter tx_count_limit is at most this. */
export const PROPOSAL_TX_COUNT_MAX = 10_000;
/** Bytes of the transactions of a proposal; the chain parameter hansa_block_size_limit is at most this. */
export const BLOCK_TX_SIZE_MAX: number = 8 * MIB;
/** Bytes of an encoded proposal: its hashes and its fixed part. */
export const PROPOSAL_SIZE_MAX: number = PROPOSAL_TX_COUNT_MAX * 32 + KIB;
/** Bytes of an encoded body: transactions with their lengths, left-out entries of 37 bytes. */
export const BODY_SIZE_MAX: number = BLOCK_TX_SIZE_MAX + PROPOSAL_TX_COUNT_MAX * (4 + 37) + 8;
/** Append-only logs of system contracts in a header. */
export const HEADER_EXTENSION_COUNT_MAX = 16;
export const HEADER_SIZE_MAX: number = 4 * KIB;

/** Highest value of the chain parameter tx_gas_limit: what one receipt can hold follows from it. */
export const TX_GAS_LIMIT_MAX = 30_000_000n;
/** Logs of one receipt: 375 gas each at the least. */
export const RECEIPT_LOG_COUNT_MAX = 100_000;
export const LOG_TOPIC_COUNT_MAX = 4;
/** Data of one log costs 8 gas a byte; output is memory, whose cost grows with its square: 3.9 MB at the highest limit. */
export const LOG_DATA_SIZE_MAX: number = 4 * MIB;
export const RECEIPT_OUTPUT_SIZE_MAX: number = 4 * MIB;

/** Validators of one term. */
export const VALIDATOR_COUNT_MAX = 128;
/** Weight of one validator, and of all together. */
export const VALIDATOR_WEIGHT_MAX = 1_000_000;
export const VALIDATOR_WEIGHT_TOTAL_MAX: number = VALIDATOR_COUNT_MAX * VALIDATOR_WEIGHT_MAX;
/** Characters of organisation ids and group ids. */
export const IDENTIFIER_SIZE_MAX = 32;
/** UTF-8 bytes of an organisation's name. */
export const NAME_SIZE_MAX = 128;
/** UTF-8 bytes of an organisation's contact, and of the reason of a proposal or a change. */
export const CONTACT_SIZE_MAX = 256;
export const REASON_SIZE_MAX = 256;
/** Weight of one organisation in the governing committee. */
export const GOVERNOR_WEIGHT_MAX = 1_000_000;

/** Bytes of a certificate, of votes or of results. */
export const CERTIFICATE_SIZE_MAX: number = VALIDATOR_COUNT_MAX * 68 + KIB;
/** Bytes of one PBFT message: a NEW-VIEW with a claim of every validator and one certificate, or a proposal. */
export const PBFT_MESSAGE_SIZE_MAX: number = Math.max(
  VALIDATOR_COUNT_MAX * (4 + 8 + 8 + 4 + 48 + 64) + CERTIFICATE_SIZE_MAX + KIB,
  PROPOSAL_SIZE_MAX + KIB,
);

/** Genesis: organisations, nodes, accounts with balance or code, storage entries of one, admins and addresses of one. */
export const GENESIS_ORGANISATION_COUNT_MAX = 256;
export const GENESIS_NODE_COUNT_MAX = 1_000;
export const GENESIS_ACCOUNT_COUNT_MAX = 100_000;
export const GENESIS_STORAGE_COUNT_MAX = 100_000;
export const GENESIS_ADMIN_COUNT_MAX = 32;
export const GENESIS_ADDRESS_COUNT_MAX = 8;
export const MULTIADDR_SIZE_MAX = 256;
/** EIP-170. */
export const CODE_SIZE_MAX = 24_576;
/** Characters of genesis.json. */
export const GENESIS_TEXT_SIZE_MAX: number = 64 * MIB;

/** Frames on the wire. Sizes are those of the network's channels: docs/spec/network.md. */
export const CONSENSUS_FRAME_SIZE_MAX: number = 2 * MIB;
export const TRANSACTIONS_FRAME_SIZE_MAX: number = 2 * MIB;
export const SYNC_FRAME_SIZE_MAX: number = 16 * MIB;
/** Items of one frame. */
export const FRAME_MESSAGE_COUNT_MAX = 4_096;
export const FRAME_TX_COUNT_MAX = 10_000;
export const FRAME_PROPOSAL_COUNT_MAX = 64;
export const FRAME_STATEMENT_COUNT_MAX = 16;
export const SYNC_BLOCK_COUNT_MAX = 128;
/** What a block changed of the state, when a peer asks for it: larger is not served. */
export const STATE_CHANGES_SIZE_MAX: number = 8 * MIB;
export const STATE_CHANGES_COUNT_MAX = 200_000;

// Relations: what is allowed by one limit must be possible within the next.
assert(TX_SIZE_MAX <= BLOCK_TX_SIZE_MAX, 'the largest transaction must fit a block');
assert(TX_SIZE_MAX + KIB <= TRANSACTIONS_FRAME_SIZE_MAX, 'the largest transaction must fit a frame');
assert(PBFT_MESSAGE_SIZE_MAX + KIB <= CONSENSUS_FRAME_SIZE_MAX, 'the largest PBFT message must fit a frame');
assert(PROPOSAL_SIZE_MAX + KIB <= PBFT_MESSAGE_SIZE_MAX, 'the largest proposal must fit a PBFT message');
assert(PROPOSAL_TX_COUNT_MAX <= FRAME_TX_COUNT_MAX, 'all transactions of a proposal must be askable in one frame');
assert(
  HEADER_SIZE_MAX + BODY_SIZE_MAX + CERTIFICATE_SIZE_MAX + KIB <= SYNC_FRAME_SIZE_MAX,
  'the largest certified block must fit a sync frame',
);
assert(Number(TX_GAS_LIMIT_MAX / 375n) <= RECEIPT_LOG_COUNT_MAX, 'all logs that gas can pay for must fit a receipt');
assert(Number(TX_GAS_LIMIT_MAX / 8n) <= LOG_DATA_SIZE_MAX, 'log data that gas can pay for must fit a receipt');
assert(VALIDATOR_WEIGHT_TOTAL_MAX < 2 ** 31, 'sums of weights must fit 32 bits in every language');
assert(VALIDATOR_COUNT_MAX <= GENESIS_NODE_COUNT_MAX, 'the largest set of validators must fit genesis');

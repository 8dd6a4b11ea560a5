import { ethereumCrypto, isLowS, isSignatureInRange } from '@hansa/crypto';
import {
  type AddressHex,
  addressToHex,
  bytesToHex,
  concatBytes,
  fail,
  type HashHex,
  type Height,
  hashToHex,
  ok,
  type Result,
} from '@hansa/primitives';
import type { ProtocolErrorCode, ProtocolFailure } from './errors.ts';
import { ACCESS_LIST_ENTRY_COUNT_MAX, ACCESS_LIST_KEY_COUNT_MAX, TX_SIZE_MAX } from './limits.ts';
import { encodeRlp, RlpReader, rlpListPrefix, rlpUint } from './rlp.ts';
import type { AccessListEntry, SignedTransaction, Transaction } from './transaction.ts';

/** Reserved address whose access-list entry carries the last height (spec FMT-22). */
export const LAST_HEIGHT_ADDRESS: AddressHex = '0000000000000000000000000000000000010020' as AddressHex;

const WORD_SIZE = 32;
const U64_SIZE = 8;
/** EIP-2681: a nonce is below 2^64 − 1, so that it can be counted up once more. */
const NONCE_MAX = (1n << 64n) - 2n;

/** Fields as they stand in the bytes, before the rules about their values. */
type Fields = Omit<Transaction, 'bytes' | 'hash' | 'signingDigest' | 'chainId' | 'lastHeight' | 'recovery'> & {
  readonly chainId: bigint | undefined;
  readonly recovery: number;
  /** The signed fields as they stand in the original bytes. */
  readonly signedPart: Uint8Array;
};

/**
 * Decodes an Ethereum transaction (spec FMT-20 to FMT-23) and checks everything that needs neither state nor chain: the
 * encoding, ranges, low-s, and that there is a chain id. Does not check the signature: `recoverSender` does.
 * Keeps `bytes`, which must not change afterwards; `data` is a view into them.
 */
export function decodeTransaction(bytes: Uint8Array): Result<Transaction, ProtocolFailure> {
  if (bytes.length > TX_SIZE_MAX) {
    return refuse(
      'PROTOCOL_TX_TOO_LARGE',
      `a transaction of ${bytes.length} bytes is above the maximum of ${TX_SIZE_MAX}`,
      'split the call data over several transactions',
    );
  }
  const first = bytes[0];
  if (first === undefined) return refuse('PROTOCOL_TX_MALFORMED', 'no bytes at all');
  // spec FMT-20: a legacy transaction is a list, a typed one begins with its type below 0x80.
  if (first >= 0xc0) return finishTransaction(bytes, readLegacy(bytes));
  if (first === 1) return finishTransaction(bytes, readTyped(bytes, 1));
  if (first === 2) return finishTransaction(bytes, readTyped(bytes, 2));
  return refuseType(first);
}

/** Recovers and adds the sender; the one expensive step (66 µs native). */
export function recoverSender(tx: Transaction): Result<SignedTransaction, ProtocolFailure> {
  const sender = ethereumCrypto.recoverAddress(tx.signingDigest, tx.signature, tx.recovery);
  if (sender === undefined) {
    return refuse(
      'PROTOCOL_TX_SIGNATURE_INVALID',
      'the signature belongs to no key',
      'sign the transaction again; its bytes were damaged or it was signed wrongly',
    );
  }
  return ok(withSender(tx, sender));
}

/**
 * The transaction with the sender that its signature was found to belong to. Field by field: to spread an object of
 * sixteen fields and add one costs 3 µs, as much as to hash the transaction.
 */
export function withSender(tx: Transaction, sender: AddressHex): SignedTransaction {
  return {
    type: tx.type,
    bytes: tx.bytes,
    hash: tx.hash,
    chainId: tx.chainId,
    nonce: tx.nonce,
    gasLimit: tx.gasLimit,
    maxFeePerGas: tx.maxFeePerGas,
    maxPriorityFeePerGas: tx.maxPriorityFeePerGas,
    to: tx.to,
    value: tx.value,
    data: tx.data,
    accessList: tx.accessList,
    signingDigest: tx.signingDigest,
    signature: tx.signature,
    recovery: tx.recovery,
    lastHeight: tx.lastHeight,
    sender,
  };
}

function readLegacy(bytes: Uint8Array): Fields | RlpReader {
  const reader = new RlpReader(bytes);
  reader.openList();
  const start = reader.position;
  const nonce = reader.uint(U64_SIZE);
  const maxFeePerGas = reader.uint(WORD_SIZE);
  const gasLimit = reader.uint(U64_SIZE);
  const to = reader.string();
  const value = reader.uint(WORD_SIZE);
  const data = reader.string();
  const signedPart = bytes.subarray(start, reader.position);
  const v = reader.uint(WORD_SIZE);
  const r = reader.uintBytes(WORD_SIZE);
  const s = reader.uintBytes(WORD_SIZE);
  reader.closeList();
  reader.finish();
  if (reader.fault !== undefined || !isRecipient(to)) return reader;
  // EIP-155: v = 35 + 2 · chain id + parity.
  const hasChainId = v >= 35n;
  return {
    type: 0,
    nonce,
    gasLimit,
    maxFeePerGas,
    maxPriorityFeePerGas: maxFeePerGas,
    to: recipientOf(to),
    value,
    data,
    accessList: [],
    chainId: hasChainId ? (v - 35n) / 2n : undefined,
    recovery: hasChainId ? Number((v - 35n) % 2n) : 0,
    signature: compactSignature(r, s),
    signedPart,
  };
}

function readTyped(bytes: Uint8Array, type: 1 | 2): Fields | RlpReader {
  const reader = new RlpReader(bytes, 1);
  reader.openList();
  const start = reader.position;
  const chainId = reader.uint(WORD_SIZE);
  const nonce = reader.uint(U64_SIZE);
  const first = reader.uint(WORD_SIZE);
  const maxFeePerGas = type === 1 ? first : reader.uint(WORD_SIZE);
  const gasLimit = reader.uint(U64_SIZE);
  const to = reader.string();
  const value = reader.uint(WORD_SIZE);
  const data = reader.string();
  const accessList = readAccessList(reader);
  const signedPart = bytes.subarray(start, reader.position);
  const recovery = reader.uint(WORD_SIZE);
  const r = reader.uintBytes(WORD_SIZE);
  const s = reader.uintBytes(WORD_SIZE);
  reader.closeList();
  reader.finish();
  if (reader.fault !== undefined || accessList === undefined || !isRecipient(to)) return reader;
  return {
    type,
    nonce,
    gasLimit,
    maxFeePerGas,
    maxPriorityFeePerGas: first,
    to: recipientOf(to),
    value,
    data,
    accessList,
    chainId,
    recovery: recovery > 1n ? 2 : Number(recovery),
    signature: compactSignature(r, s),
    signedPart,
  };
}

/** Undefined when an address or a key has a wrong length, or there are too many. */
function readAccessList(reader: RlpReader): readonly AccessListEntry[] | undefined {
  const entries: AccessListEntry[] = [];
  reader.openList();
  while (reader.hasMore) {
    reader.openList();
    const address = reader.string();
    const storageKeys: HashHex[] = [];
    reader.openList();
    while (reader.hasMore) {
      const key = reader.string();
      if (key.length !== WORD_SIZE || storageKeys.length >= ACCESS_LIST_KEY_COUNT_MAX) return undefined;
      storageKeys.push(hashToHex(key));
    }
    if (address.length !== 20 || entries.length >= ACCESS_LIST_ENTRY_COUNT_MAX) return undefined;
    reader.closeList();
    reader.closeList();
    entries.push({ address: addressToHex(address), storageKeys });
  }
  reader.closeList();
  return entries;
}

function finishTransaction(bytes: Uint8Array, fields: Fields | RlpReader): Result<Transaction, ProtocolFailure> {
  if (fields instanceof RlpReader) return refuseRlp(fields);
  const fault = faultOf(fields);
  if (fault !== undefined) return fail(fault);
  const lastHeight = lastHeightOf(fields.accessList);
  if (lastHeight === 'malformed') {
    return refuse(
      'PROTOCOL_TX_LAST_HEIGHT_MALFORMED',
      `the access-list entry of 0x${LAST_HEIGHT_ADDRESS} does not carry one height`,
      'name the address once, with the last height as its only storage key',
    );
  }
  const chainId = fields.chainId as bigint;
  // Field by field: spreading the object costs more than hashing it (5 µs).
  return ok({
    type: fields.type,
    bytes,
    hash: hashToHex(ethereumCrypto.keccak256(bytes)),
    chainId: Number(chainId),
    nonce: fields.nonce,
    gasLimit: fields.gasLimit,
    maxFeePerGas: fields.maxFeePerGas,
    maxPriorityFeePerGas: fields.maxPriorityFeePerGas,
    to: fields.to,
    value: fields.value,
    data: fields.data,
    accessList: fields.accessList,
    signingDigest: ethereumCrypto.keccak256(signingPreimage(fields.type, fields.signedPart, chainId)),
    signature: fields.signature,
    recovery: fields.recovery as 0 | 1,
    lastHeight,
  });
}

function faultOf(fields: Fields): ProtocolFailure | undefined {
  const { chainId, recovery, nonce, maxFeePerGas, maxPriorityFeePerGas, signature } = fields;
  if (chainId === undefined) {
    return {
      code: 'PROTOCOL_TX_CHAIN_ID_MISSING',
      message: 'a legacy transaction without a chain id could be replayed on every chain',
      remedy: 'sign it with the chain id (EIP-155), or as type 1 or 2',
    };
  }
  if (chainId < 1n || chainId > BigInt(Number.MAX_SAFE_INTEGER)) {
    return { code: 'PROTOCOL_TX_CHAIN_ID_RANGE', message: `chain id ${chainId} is not between 1 and 2^53 - 1` };
  }
  if (nonce > NONCE_MAX)
    return { code: 'PROTOCOL_TX_OUT_OF_RANGE', message: `nonce ${nonce} is above 2^64 - 2 (EIP-2681)` };
  if (maxPriorityFeePerGas > maxFeePerGas) {
    return {
      code: 'PROTOCOL_TX_FEE_CAP_BELOW_TIP',
      message: `max priority fee per gas ${maxPriorityFeePerGas} is higher than max fee per gas ${maxFeePerGas}`,
      remedy: 'raise maxFeePerGas or lower maxPriorityFeePerGas',
    };
  }
  if (recovery > 1 || !isSignatureInRange(signature)) {
    return { code: 'PROTOCOL_TX_SIGNATURE_RANGE', message: 'r, s or the parity of the signature is out of range' };
  }
  if (!isLowS(signature.subarray(WORD_SIZE))) {
    return {
      code: 'PROTOCOL_TX_HIGH_S',
      message: 's of the signature is above half of the order of the curve (EIP-2)',
      remedy: 'sign with a library that makes low-s signatures',
    };
  }
  return undefined;
}

/** What was signed: the original bytes of the signed fields under a new list prefix. */
function signingPreimage(type: 0 | 1 | 2, signedPart: Uint8Array, chainId: bigint): Uint8Array {
  if (type !== 0) return concatBytes(Uint8Array.of(type), rlpListPrefix(signedPart.length), signedPart);
  const suffix = concatBytes(encodeRlp(rlpUint(chainId)), Uint8Array.of(0x80, 0x80));
  return concatBytes(rlpListPrefix(signedPart.length + suffix.length), signedPart, suffix);
}

/** spec FMT-22. */
function lastHeightOf(accessList: readonly AccessListEntry[]): Height | undefined | 'malformed' {
  let found: Height | undefined;
  for (const entry of accessList) {
    if (entry.address !== LAST_HEIGHT_ADDRESS) continue;
    const key = entry.storageKeys[0];
    if (found !== undefined || key === undefined || entry.storageKeys.length !== 1) return 'malformed';
    const height = BigInt(`0x${key}`);
    if (height > BigInt(Number.MAX_SAFE_INTEGER)) return 'malformed';
    found = Number(height) as Height;
  }
  return found;
}

const isRecipient = (to: Uint8Array): boolean => to.length === 0 || to.length === 20;
const recipientOf = (to: Uint8Array): AddressHex | undefined => (to.length === 0 ? undefined : addressToHex(to));

/** r ‖ s, each padded to 32 bytes. */
function compactSignature(r: Uint8Array, s: Uint8Array): Uint8Array {
  const signature = new Uint8Array(2 * WORD_SIZE);
  signature.set(r, WORD_SIZE - r.length);
  signature.set(s, 2 * WORD_SIZE - s.length);
  return signature;
}

function refuseType(first: number): Result<Transaction, ProtocolFailure> {
  const remedy = 'send a legacy (EIP-155), EIP-2930 or EIP-1559 transaction';
  if (first === 3)
    return refuse('PROTOCOL_TX_TYPE_REFUSED', 'blob transactions (EIP-4844, type 3) are not accepted', remedy);
  if (first === 4) {
    return refuse('PROTOCOL_TX_TYPE_REFUSED', 'set-code transactions (EIP-7702, type 4) are not accepted', remedy);
  }
  if (first < 0x80) return refuse('PROTOCOL_TX_TYPE_REFUSED', `transaction type ${first} is unknown`, remedy);
  return refuse('PROTOCOL_TX_MALFORMED', `a transaction cannot begin with byte 0x${bytesToHex(Uint8Array.of(first))}`);
}

function refuseRlp(reader: RlpReader): Result<Transaction, ProtocolFailure> {
  if (reader.fault === 'not canonical') {
    return refuse('PROTOCOL_TX_NOT_CANONICAL', `a value before byte ${reader.position} has a shorter encoding`);
  }
  if (reader.fault === 'too long') {
    return refuse('PROTOCOL_TX_OUT_OF_RANGE', `a number before byte ${reader.position} is too large for its field`);
  }
  if (reader.fault === undefined) {
    return refuse('PROTOCOL_TX_MALFORMED', 'an address is not 20 bytes long, or a storage key not 32');
  }
  return refuse('PROTOCOL_TX_MALFORMED', `RLP ends in a fault at byte ${reader.position}: ${reader.fault}`);
}

function refuse<T>(code: ProtocolErrorCode, message: string, remedy?: string): Result<T, ProtocolFailure> {
  return fail(remedy === undefined ? { code, message } : { code, message, remedy });
}

import { type MerkleProof, merkleProof } from '@hansa/crypto';
import { assert, bytesToHex, type HashHex, type Height, toHeight } from '@hansa/primitives';
import {
  accountKey,
  type BlockHeader,
  type Certificate,
  encodeBody,
  encodeCertificate,
  encodeHeader,
  encodeReceipt,
  encodeValidatorSet,
  quorumWeight,
  receiptDigest,
  STATE_KEY_SIZE_MAX,
  type StateKey,
  storageKey,
  totalWeight,
  type ValidatorSet,
} from '@hansa/protocol';
import type { TransactionStatusFacts } from '../backend.ts';
import type { JsonRecord } from '../block-json.ts';
import { heightOfReference } from '../block-reference.ts';
import { invalidParams } from '../errors.ts';
import { type MethodCall, type MethodTable, quick, slow } from '../method.ts';
import { addressOf, bytesOf, hashOf, isAbsent, slotOf } from '../params.ts';
import { data, prefixed, quantity } from '../values.ts';

const ADDRESS_TEXT_SIZE = 42;

function toHansaHeaderJson(header: BlockHeader, hash: HashHex): JsonRecord {
  return {
    version: header.version,
    chainId: header.chainId,
    groupId: header.groupId,
    height: quantity(header.height),
    hash: prefixed(hash),
    term: header.term,
    view: header.view,
    proposer: header.proposer,
    parentHash: prefixed(header.parentHash),
    timestamp: header.timestamp,
    proposalDigest: prefixed(header.proposalDigest),
    txRoot: prefixed(header.txRoot),
    receiptRoot: prefixed(header.receiptRoot),
    stateRoot: prefixed(header.stateRoot),
    gasUsed: quantity(header.gasUsed),
    gasLimit: quantity(header.gasLimit),
    validatorsHash: prefixed(header.validatorsHash),
    nextValidatorsHash: prefixed(header.nextValidatorsHash),
    registryRoot: prefixed(header.registryRoot),
    extensions: header.extensions.map(({ size, root }) => ({ size: quantity(size), root: prefixed(root) })),
    encoded: data(encodeHeader(header)),
  };
}

function toCertificateJson(certificate: Certificate, term: number, validators: ValidatorSet): JsonRecord {
  const signatures = certificate.signatures.map(({ index, signature }) => {
    const validator = validators[index];
    assert(validator !== undefined, `the certificate of ${certificate.height} names validator ${index}`);
    return { index, nodeId: validator.nodeId, weight: validator.weight, signature: data(signature) };
  });
  return {
    height: quantity(certificate.height),
    blockHash: prefixed(certificate.blockHash),
    term,
    signatures,
    weight: signatures.reduce((sum, { weight }) => sum + weight, 0),
    quorumWeight: quorumWeight(totalWeight(validators)),
  };
}

const toMerkleProofJson = ({ index, count, siblings }: MerkleProof, leaf: HashHex, root: HashHex): JsonRecord => ({
  index,
  count,
  leaf: prefixed(leaf),
  siblings: siblings.map(prefixed),
  root: prefixed(root),
});

const toValidatorsJson = (validators: ValidatorSet): readonly JsonRecord[] =>
  validators.map(({ nodeId, weight, organisationId }, index) => ({ index, nodeId, weight, organisationId }));

function headerJsonAt({ backend }: MethodCall, height: Height | undefined): JsonRecord | null {
  const header = height === undefined ? undefined : backend.headerAt(height);
  const hash = height === undefined ? undefined : backend.hashAt(height);
  return header === undefined || hash === undefined ? null : toHansaHeaderJson(header, hash);
}

/** Null for genesis, which nobody signs: its hash is what members compare. */
function certificateJsonAt({ backend }: MethodCall, height: Height | undefined): JsonRecord | null {
  if (height === undefined) return null;
  const certificate = backend.certificateAt(height);
  const validators = backend.validatorsAt(height);
  const header = backend.headerAt(height);
  if (certificate === undefined || validators === undefined || header === undefined) return null;
  return toCertificateJson(certificate, header.term, validators);
}

function transactionProof(call: MethodCall, hash: unknown): unknown {
  const { backend } = call;
  const { suite } = backend.chain;
  const transactionHash = hashOf(hash, 'transactionHash');
  const location = backend.transaction(transactionHash)?.location;
  const block = location === undefined ? undefined : call.blocks.get(location.height);
  if (location === undefined || block === undefined) return null;
  const { header, body } = block.facts;
  const raw = body.transactions[location.index];
  const receipt = block.receipts[location.index];
  assert(raw !== undefined && receipt !== undefined, `transaction ${location.index} of block ${location.height}`);
  const hashes = block.receipts.map((each) => each.transactionHash);
  const digests = block.receipts.map((each) => receiptDigest(suite, each));
  return {
    transactionHash: prefixed(transactionHash),
    rawTransaction: data(raw),
    transaction: toMerkleProofJson(merkleProof(suite, hashes, location.index), transactionHash, header.txRoot),
    rawReceipt: data(encodeReceipt(receipt)),
    receipt: toMerkleProofJson(
      merkleProof(suite, digests, location.index),
      digests[location.index] as HashHex,
      header.receiptRoot,
    ),
    header: toHansaHeaderJson(header, block.facts.hash),
    certificate: certificateJsonAt(call, location.height),
    validators: toValidatorsJson(backend.validatorsAt(location.height) ?? []),
  };
}

function stateKeyOf(target: unknown, slot: unknown): StateKey {
  if (!isAbsent(slot)) return storageKey(addressOf(target, 'address'), slotOf(slot, 'slot'));
  if (typeof target === 'string' && target.length === ADDRESS_TEXT_SIZE)
    return accountKey(addressOf(target, 'address'));
  const bytes = bytesOf(target, 'key');
  if (bytes.length === 0 || bytes.length > STATE_KEY_SIZE_MAX) {
    throw invalidParams(`key must have 1 to ${STATE_KEY_SIZE_MAX} bytes, got ${bytes.length}`);
  }
  return bytesToHex(bytes) as StateKey;
}

/** The ledger has a block a moment before it is shown; without it there would be a proof without its certificate. */
async function untilShown({ backend, hub, signal }: MethodCall, height: Height): Promise<void> {
  while (backend.head().height < height) {
    await new Promise<void>((resolve) => {
      const end = (): void => {
        stop();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const stop = hub.onHead(end);
      signal.addEventListener('abort', end, { once: true });
    });
    signal.throwIfAborted();
  }
}

async function stateProof(call: MethodCall, [target, slot]: readonly unknown[]): Promise<unknown> {
  const key = stateKeyOf(target, slot);
  const { height, header, value, proof } = call.backend.stateProof(key);
  await untilShown(call, height);
  const hash = call.backend.hashAt(height);
  assert(hash !== undefined, `block ${height} has a hash`);
  return {
    height: quantity(height),
    blockHash: prefixed(hash),
    header: toHansaHeaderJson(header, hash),
    certificate: certificateJsonAt(call, height),
    key: prefixed(key),
    value: value === undefined ? null : data(value),
    leaf:
      proof.leaf === undefined
        ? null
        : { keyHash: prefixed(proof.leaf.keyHash), valueHash: prefixed(proof.leaf.valueHash) },
    siblings: proof.siblings.map(prefixed),
  };
}

/** Everything of a block in its canonical bytes, for those who verify it themselves. */
function certifiedBlock({ backend, blocks }: MethodCall, height: Height | undefined): unknown {
  if (height === undefined || height === 0) return null;
  const block = blocks.get(height);
  const certificate = backend.certificateAt(height);
  const nextValidators = backend.validatorsAt(toHeight(height + 1));
  if (block === undefined || certificate === undefined || nextValidators === undefined) return null;
  return {
    header: data(encodeHeader(block.facts.header)),
    body: data(encodeBody(block.facts.body)),
    certificate: data(encodeCertificate(certificate)),
    receipts: block.receipts.map((receipt) => data(encodeReceipt(receipt))),
    nextValidators: data(encodeValidatorSet(nextValidators)),
  };
}

function toStatusJson(status: TransactionStatusFacts): JsonRecord {
  switch (status.type) {
    case 'unknown':
      return { status: status.type };
    case 'pending':
      return {
        status: status.type,
        ...(status.reason === undefined ? {} : { reason: status.reason }),
        ...(status.remedy === undefined ? {} : { remedy: status.remedy }),
      };
    case 'ordered':
      return { status: status.type, height: quantity(status.height) };
    case 'committed':
      return { status: status.type, height: quantity(status.height), index: quantity(status.index) };
    case 'left out':
      return { status: status.type, height: quantity(status.height), reason: status.reason, remedy: status.remedy };
    case 'replaced':
      return { status: status.type, replacedBy: prefixed(status.by) };
    case 'expired':
      return {
        status: status.type,
        lastHeight: quantity(status.lastHeight),
        reason: status.reason,
        remedy: status.remedy,
      };
    case 'dropped here':
      return { status: status.type, code: status.code, reason: status.reason, remedy: status.remedy };
  }
}

/** Items of one answer that is a list. */
const PAGE_COUNT_MAX = 100;

function wholeOf(value: unknown, name: string): number {
  const number = typeof value === 'string' && /^0x[0-9a-f]{1,13}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0)
    throw invalidParams(`${name} must be a whole number from 0`);
  return number;
}

const pageOf = (count: unknown): number =>
  isAbsent(count) ? PAGE_COUNT_MAX : Math.min(PAGE_COUNT_MAX, wholeOf(count, 'count'));

/** Newest first; without a start, from the newest on. */
function proposals(backend: MethodCall['backend'], from: unknown, count: unknown): readonly unknown[] {
  const { proposalCount } = backend.committee();
  const first = isAbsent(from) ? proposalCount : Math.min(proposalCount, wholeOf(from, 'from'));
  const last = Math.max(1, first - pageOf(count) + 1);
  const list: unknown[] = [];
  for (let id = first; id >= last; id--) list.push(backend.proposal(id));
  return list;
}

function nodeStatus({ backend }: MethodCall): JsonRecord {
  const { chainId, groupId, genesisHash } = backend.chain;
  const head = backend.head();
  const syncing = backend.syncing();
  return {
    ...backend.status(),
    chainId: quantity(chainId),
    groupId,
    genesisHash: prefixed(genesisHash),
    height: quantity(head.height),
    headHash: prefixed(head.hash),
    syncing: syncing === undefined ? null : { current: quantity(syncing.current), highest: quantity(syncing.highest) },
    pool: backend.poolCounts(),
  };
}

export const HANSA_METHODS: MethodTable = {
  hansa_getStatus: quick((_, call) => nodeStatus(call)),
  hansa_getHeader: quick(([block], call) => headerJsonAt(call, heightOfReference(block, call.backend))),
  hansa_getCertificate: quick(([block], call) => certificateJsonAt(call, heightOfReference(block, call.backend))),
  hansa_getCertifiedBlock: slow(([block], call) => certifiedBlock(call, heightOfReference(block, call.backend))),
  hansa_getTransactionProof: slow(([hash], call) => transactionProof(call, hash)),
  hansa_getProof: slow((params, call) => stateProof(call, params)),
  hansa_getMembers: quick((_, { backend }) => backend.members()),
  hansa_getCommittee: quick((_, { backend }) => backend.committee()),
  hansa_getProposal: quick(([id], { backend }) => backend.proposal(wholeOf(id, 'id')) ?? null),
  hansa_getProposals: quick(([from, count], { backend }) => proposals(backend, from, count)),
  hansa_getMembershipHistory: quick(([index, count], { backend }) =>
    backend.membershipHistory(wholeOf(index ?? 0, 'index'), pageOf(count)),
  ),
  hansa_getTransactionStatus: quick(([hash], { backend }) =>
    toStatusJson(backend.transactionStatus(hashOf(hash, 'transactionHash'))),
  ),
  hansa_getMisbehaviour: quick((_, { backend }) => backend.misbehaviour()),
};

import type { CryptoSuite } from '@hansa/crypto';
import type { GenesisBlock } from '@hansa/executor';
import type { VerifyReport } from '@hansa/ledger';
import { ChainError, type Height, hexToBytes, type Result } from '@hansa/primitives';
import {
  type CertifiedBlock,
  decodeBody,
  decodeCertificate,
  decodeHeader,
  decodeReceipt,
  decodeValidatorSet,
  type Receipt,
  receiptDigest,
  receiptRoot,
  type ValidatorSet,
  validatorsHash,
} from '@hansa/protocol';
import { verifyBlock } from '@hansa/sync';
import type { NodeErrorCode } from '../errors.ts';
import { callRpc } from './rpc-client.ts';

/** What `hansa_getCertifiedBlock` answers, decoded: nothing of it is believed yet. */
export type ServedBlock = {
  readonly certified: CertifiedBlock;
  readonly receipts: readonly Receipt[];
  /** The set that signs the next height. */
  readonly nextValidators: ValidatorSet;
};

export type VerifyRemoteOptions = {
  readonly url: string;
  readonly suite: CryptoSuite;
  readonly genesis: GenesisBlock;
  readonly onProgress: (count: number, total: number) => void;
};

/**
 * Checks what a running node serves, block after block from the genesis hash. The set of validators is taken from the
 * node only where its digest is the one that the block below, already verified, names.
 */
export async function verifyRemote({ url, suite, genesis, onProgress }: VerifyRemoteOptions): Promise<VerifyReport> {
  const height = heightOf(await callRpc<unknown>(url, 'eth_blockNumber'));
  let parent = { header: genesis.block.header, hash: genesis.hash };
  let validators: ValidatorSet = genesis.termInfo.validators;
  let transactionCount = 0;
  for (let at = 1; at <= height; at++) {
    const fault = (field: string, message: string): VerifyReport => ({
      ok: false,
      fault: { height: at as Height, field, message },
    });
    const answer = await callRpc<unknown>(url, 'hansa_getCertifiedBlock', [`0x${at.toString(16)}`]);
    if (answer === null) return fault('header', 'the node does not have this block');
    const served = decodeServedBlock(answer);
    if (served === undefined) return fault('header', 'what the node serves is no block');
    const { certified, receipts, nextValidators } = served;
    const { header } = certified.block;
    const term = { term: header.term, validators };
    const verified = verifyBlock(
      suite,
      { genesisHash: genesis.hash, parent: parent.header, parentHash: parent.hash, term },
      certified,
    );
    if (!verified.ok) return fault(verified.error.code, verified.error.message);
    const digests = receipts.map((receipt) => receiptDigest(suite, receipt));
    if (receiptRoot(suite, digests) !== header.receiptRoot)
      return fault('receipts', 'the receipts do not give the root that the header names');
    if (validatorsHash(suite, nextValidators) !== header.nextValidatorsHash)
      return fault('nextValidators', 'the set is not the one that the header names');
    validators = nextValidators;
    transactionCount += certified.block.body.transactions.length;
    parent = { header, hash: verified.value.hash };
    onProgress(at, height);
  }
  return { ok: true, height: height as Height, transactionCount, stateEntryCount: 0 };
}

/** A block from an answer of anybody; undefined when it is none. Never throws. */
export function decodeServedBlock(answer: unknown): ServedBlock | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const raw = answer as Readonly<Record<string, unknown>>;
  const header = decoded(raw['header'], decodeHeader);
  const body = decoded(raw['body'], decodeBody);
  const certificate = decoded(raw['certificate'], decodeCertificate);
  const nextValidators = decoded(raw['nextValidators'], decodeValidatorSet);
  const texts: readonly unknown[] = Array.isArray(raw['receipts']) ? raw['receipts'] : [undefined];
  const receipts = texts.map((text) => decoded(text, decodeReceipt)).filter((receipt) => receipt !== undefined);
  if (header === undefined || body === undefined || certificate === undefined) return undefined;
  if (nextValidators === undefined || receipts.length !== texts.length) return undefined;
  return { certified: { block: { header, body }, certificate }, receipts, nextValidators };
}

function decoded<T>(text: unknown, decode: (bytes: Uint8Array) => Result<T, unknown>): T | undefined {
  const bytes = typeof text === 'string' && text.startsWith('0x') ? hexToBytes(text.slice(2)) : undefined;
  const result = bytes === undefined ? undefined : decode(bytes);
  return result?.ok === true ? result.value : undefined;
}

/** @throws ChainError CLI_NODE_UNREACHABLE: without a height nothing would be verified, and it would look like success */
function heightOf(answer: unknown): number {
  const height = typeof answer === 'string' && /^0x[0-9a-f]{1,13}$/.test(answer) ? Number(answer) : undefined;
  if (height !== undefined) return height;
  throw new ChainError<NodeErrorCode>({
    code: 'CLI_NODE_UNREACHABLE',
    message: 'the answer to eth_blockNumber is no height',
    remedy: 'name the address of a Hansa node with --rpc',
  });
}

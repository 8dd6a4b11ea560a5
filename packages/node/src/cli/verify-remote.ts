import type { CryptoSuite } from '@hansa/crypto';
import type { GenesisBlock } from '@hansa/executor';
import type { VerifyReport } from '@hansa/ledger';
import { ChainError, type HashHex, type Height, hexToBytes } from '@hansa/primitives';
import {
  type CertifiedBlock,
  decodeBody,
  decodeCertificate,
  decodeHeader,
  decodeReceipt,
  decodeValidatorSet,
  receiptDigest,
  receiptRoot,
  type ValidatorSet,
  validatorsHash,
} from '@hansa/protocol';
import { verifyBlock } from '@hansa/sync';
import type { NodeErrorCode } from '../errors.ts';
import { callRpc } from './rpc-client.ts';

/** Answer of `hansa_getCertifiedBlock`: canonical bytes in hex, and the set that signs the next height. */
type RawBlock = { header: string; body: string; certificate: string; receipts: string[]; nextValidators: string };

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
  const height = Number(await callRpc<string>(url, 'eth_blockNumber'));
  let parent = { header: genesis.block.header, hash: genesis.hash };
  let validators: ValidatorSet = genesis.termInfo.validators;
  let transactionCount = 0;
  for (let at = 1; at <= height; at++) {
    const fault = (field: string, message: string): VerifyReport => ({
      ok: false,
      fault: { height: at as Height, field, message },
    });
    const raw = await callRpc<RawBlock | null>(url, 'hansa_getCertifiedBlock', [`0x${at.toString(16)}`]);
    if (raw === null) return fault('header', 'the node does not have this block');
    const block = decodeBlock(raw);
    if (block === undefined) return fault('header', 'what the node serves is no block');
    const { header } = block.block;
    const term = { term: header.term, validators };
    const verified = verifyBlock(
      suite,
      { genesisHash: genesis.hash, parent: parent.header, parentHash: parent.hash, term },
      block,
    );
    if (!verified.ok) return fault(verified.error.code, verified.error.message);
    if (!hasReceipts(suite, raw.receipts, header.receiptRoot))
      return fault('receipts', 'the receipts do not give the root that the header names');
    const next = decodeValidatorSet(bytesOf(raw.nextValidators));
    if (!next.ok || validatorsHash(suite, next.value) !== header.nextValidatorsHash)
      return fault('nextValidators', 'the set is not the one that the header names');
    validators = next.value;
    transactionCount += block.block.body.transactions.length;
    parent = { header, hash: verified.value.hash };
    onProgress(at, height);
  }
  return { ok: true, height: height as Height, transactionCount, stateEntryCount: 0 };
}

function decodeBlock(raw: RawBlock): CertifiedBlock | undefined {
  const header = decodeHeader(bytesOf(raw.header));
  const body = decodeBody(bytesOf(raw.body));
  const certificate = decodeCertificate(bytesOf(raw.certificate));
  if (!header.ok || !body.ok || !certificate.ok) return undefined;
  return { block: { header: header.value, body: body.value }, certificate: certificate.value };
}

function hasReceipts(suite: CryptoSuite, raw: readonly string[], root: HashHex): boolean {
  const digests: HashHex[] = [];
  for (const text of raw) {
    const receipt = decodeReceipt(bytesOf(text));
    if (!receipt.ok) return false;
    digests.push(receiptDigest(suite, receipt.value));
  }
  return receiptRoot(suite, digests) === root;
}

function bytesOf(text: string): Uint8Array {
  const bytes = hexToBytes(text.slice(2));
  if (bytes === undefined) {
    throw new ChainError<NodeErrorCode>({
      code: 'CLI_NODE_UNREACHABLE',
      message: 'the answer is not hex',
      remedy: 'name the address of a Hansa node with --rpc',
    });
  }
  return bytes;
}

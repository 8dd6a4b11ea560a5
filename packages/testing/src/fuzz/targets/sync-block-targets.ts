/** Certified blocks as a stranger serves them: decoded and checked as sync does it, signatures included (SYNC-10). */
import { merkleRoot, standardSuite as suite } from '@hansa/crypto';
import { buildGenesisBlock } from '@hansa/executor';
import { bytesToHex, concatBytes, type HashHex, type Height, type ValidatorIndex, ZERO_HASH } from '@hansa/primitives';
import {
  type BlockBody,
  type BlockHeader,
  blockHash,
  type Certificate,
  type CertifiedBlock,
  certificateDigest,
  DEFAULT_CHAIN_PARAMETERS,
  decodeBody,
  decodeCertificate,
  decodeHeader,
  decodeTransaction,
  encodeBody,
  encodeCertificate,
  encodeHeader,
  type Genesis,
  proposalDigest,
  txRoot,
} from '@hansa/protocol';
import { type BlockContext, verifyBlock } from '@hansa/sync';
import type { Prng } from '../../simulator/prng.ts';
import { Prng as Chance } from '../../simulator/prng.ts';
import { accepted, createTarget, type FuzzTarget } from '../target.ts';
import { NODE_IDS } from '../values.ts';
import { genesis } from './text-targets.ts';
import { signedTransaction } from './transaction-targets.ts';

/** The keys behind NODE_IDS, by node id. */
const KEYS: ReadonlyMap<string, Uint8Array> = new Map(
  [1, 2, 3, 4, 5, 6, 7].map((n) => {
    const key = new Uint8Array(32).fill(n);
    return [suite.nodeIdOf(key), key] as const;
  }),
);

export function syncBlockTargets(): FuzzTarget[] {
  const { context, parent } = contextOf();
  return [
    createTarget({
      name: 'sync-block',
      about: 'certified block of a stranger, decoded and verified',
      // Up to four checks of signatures.
      budget: { timeMs: 60 },
      keepsInput: true,
      generate: (prng) => encodeBlock(signedBlock(prng, context, parent)),
      decode: (input) => {
        const block = decodeBlock(input);
        return block === undefined ? undefined : accepted(verifyBlock(suite, context, block));
      },
      check: ({ hash, certified }, input) => {
        if (blockHash(suite, certified.block.header) !== hash) return 'another hash than that of the header';
        return bytesToHex(encodeBlock(certified)) === bytesToHex(input) ? undefined : 'another block than was served';
      },
    }),
  ];
}

/** u16 and length of header and certificate, then both, then the body. */
function encodeBlock({ block, certificate }: CertifiedBlock): Uint8Array {
  const header = encodeHeader(block.header);
  const signatures = encodeCertificate(certificate);
  const sizes = [header, signatures].flatMap(({ length }) => [length >> 8, length & 0xff]);
  return concatBytes(Uint8Array.from(sizes), header, signatures, encodeBody(block.body));
}

function decodeBlock(input: Uint8Array): CertifiedBlock | undefined {
  const [a = 0, b = 0, c = 0, d = 0] = input;
  const headerEnd = 4 + (a << 8) + b;
  const certificateEnd = headerEnd + (c << 8) + d;
  const header = accepted(decodeHeader(input.subarray(4, headerEnd)));
  const certificate = accepted(decodeCertificate(input.subarray(headerEnd, certificateEnd)));
  const body = accepted(decodeBody(input.subarray(certificateEnd)));
  if (header === undefined || certificate === undefined || body === undefined) return undefined;
  return { block: { header, body }, certificate };
}

function contextOf(): { readonly context: BlockContext; readonly parent: BlockHeader } {
  const world: Genesis = {
    ...genesis(new Chance(7)),
    parameters: DEFAULT_CHAIN_PARAMETERS,
    nodes: NODE_IDS.slice(0, 4).map((nodeId) => ({
      nodeId,
      organisationId: 'alpha',
      role: 'validator',
      weight: 1,
      addresses: [],
    })),
  };
  const { block, hash, termInfo } = buildGenesisBlock(world, suite, () => ZERO_HASH);
  const term = { term: termInfo.term, validators: termInfo.validators };
  return { context: { genesisHash: hash, parent: block.header, parentHash: hash, term }, parent: block.header };
}

function signedBlock(prng: Prng, { genesisHash, parentHash, term }: BlockContext, parent: BlockHeader): CertifiedBlock {
  const transactions = Array.from({ length: prng.below(3) }, () => signedTransaction(prng));
  const hashes = transactions.map((bytes) => accepted(decodeTransaction(bytes))?.hash as HashHex);
  const proposer = prng.below(term.validators.length);
  const body: BlockBody = { transactions, leftOut: [] };
  const facts = {
    chainId: parent.chainId,
    groupId: parent.groupId,
    term: term.term,
    height: (parent.height + 1) as Height,
    view: parent.view,
    timestamp: parent.timestamp + 1 + prng.below(1_000),
  };
  const proposal = {
    ...facts,
    parentDigest: parent.proposalDigest,
    proposer: proposer as ValidatorIndex,
    transactionHashes: hashes,
  };
  const header: BlockHeader = {
    ...parent,
    ...facts,
    proposer: term.validators[proposer]?.nodeId as BlockHeader['proposer'],
    parentHash,
    proposalDigest: proposalDigest(suite, proposal),
    txRoot: txRoot(suite, hashes),
    receiptRoot: merkleRoot(suite, 'hansa/receipts/v1', []),
  };
  const hash = blockHash(suite, header);
  const digest = certificateDigest(suite, { genesisHash, term: term.term, height: header.height, blockHash: hash });
  const signatures = [0, 1, 3].map((index) => ({
    index: index as ValidatorIndex,
    signature: suite.sign(digest, KEYS.get(term.validators[index]?.nodeId as string) as Uint8Array),
  }));
  const certificate: Certificate = { height: header.height, blockHash: hash, signatures };
  return { block: { header, body }, certificate };
}

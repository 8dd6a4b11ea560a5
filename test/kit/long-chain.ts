/** A long ledger made fast: the node's own block writer (executor and ledger), with the keys of all validators at hand. */
import { join } from 'node:path';
import { type CryptoSuite, initCrypto, type PrivateKey, standardSuite } from '@hansa/crypto';
import { encodeCall } from '@hansa/executor';
import { COMMITTEE_ADDRESS, CONSENSUS_ADDRESS } from '@hansa/membership';
import {
  type AddressHex,
  type HashHex,
  type Height,
  type NodeId,
  toAddressHex,
  type ValidatorIndex,
  type View,
} from '@hansa/primitives';
import {
  type BlockHeader,
  type Certificate,
  certificateDigest,
  decodeTransaction,
  encodeSignedTransaction,
  type Proposal,
  proposalDigest,
  recoverSender,
  type SignedTransaction,
  type ValidatorSet,
} from '@hansa/protocol';
import { nodePaths, readGenesis } from '../../packages/node/src/directory.ts';
import { BlockWriter } from '../../packages/node/src/execution/block-writer.ts';
import { packTransactions } from '../../packages/node/src/execution/packed-transactions.ts';
import { noPassphrase, readKey } from '../../packages/node/src/keys/key-files.ts';
import { runHansa } from './devnet.ts';
import { accountOf, CHAIN_ID } from './wallet.ts';

const suite: CryptoSuite = standardSuite;
const BLOCK_MS = 1_000;

export type LongChain = {
  readonly genesisFile: string;
  readonly ledger: string;
  readonly genesisHash: HashHex;
  /** Key of the validator that is removed on the way, and the last height that it had a vote for. */
  readonly removedKey: PrivateKey;
  readonly lastVoteOfRemoved: number;
  readonly keys: ReadonlyMap<NodeId, PrivateKey>;
  /** Validators at the end. */
  readonly validators: ValidatorSet;
  readonly height: number;
};

export type LongChainOptions = {
  readonly directory: string;
  readonly height: number;
  /** Height of the block with the transaction that removes the fifth validator. */
  readonly removalAt: number;
};

/** Five organisations, each with its own `hansa init`, one genesis of their cards, and `height` blocks. */
export async function buildLongChain({ directory, height, removalAt }: LongChainOptions): Promise<LongChain> {
  await initCrypto();
  const { genesisFile, dirs } = await createGenesis(directory);
  const genesis = readGenesis(genesisFile);
  const keys = new Map(
    dirs.map((dir) => {
      const key = readKey(nodePaths(dir).nodeKey, noPassphrase);
      return [suite.nodeIdOf(key), key] as const;
    }),
  );
  const removedKey = readKey(nodePaths(dirs[4] as string).nodeKey, noPassphrase);
  const removedId = suite.nodeIdOf(removedKey);
  const ledger = join(directory, 'ledger');
  const writer = new BlockWriter(suite, {
    location: ledger,
    genesis,
    hotStateBytesMax: 32 * 1024 * 1024,
    stateHistoryBlocks: 2_000,
  });
  const opened = await writer.open();
  if (opened.type !== 'opened') throw new Error('the ledger was expected to open');
  const { genesisHash } = opened;
  let head = opened.head;
  let lastVoteOfRemoved = 0;
  const nonces = new Nonces();
  while (head.height < height) {
    const next = (head.height + 1) as Height;
    const transactions = transactionsOf(next, next === removalAt ? removedId : undefined, nonces);
    const { term, validators } = head.term;
    const proposal: Proposal = {
      chainId: genesis.chainId,
      groupId: genesis.groupId,
      term,
      height: next,
      view: 0 as View,
      parentDigest: head.proposalDigest,
      timestamp: head.timestamp + BLOCK_MS,
      proposer: 0 as ValidatorIndex,
      transactionHashes: transactions.map((transaction) => transaction.hash),
    };
    const digest = proposalDigest(suite, proposal);
    const blockHash = await writer.execute({
      type: 'execute',
      proposal,
      digest,
      packed: packTransactions(transactions),
    });
    if (blockHash === undefined) throw new Error(`block ${next} was expected to be executed`);
    if (validators.some((validator) => validator.nodeId === removedId)) lastVoteOfRemoved = next;
    const facts = { genesisHash, term, height: next, blockHash };
    const certificate = certify(facts, validators, keys);
    const committed = await writer.commit({ type: 'commit', height: next, blockHash, certificate });
    if (committed === undefined) throw new Error(`block ${next} was expected to be committed`);
    head = committed.head;
  }
  await writer.close();
  const { validators } = head.term;
  return { genesisFile, ledger, genesisHash, removedKey, lastVoteOfRemoved, keys, validators, height };
}

export type CertificateFacts = {
  readonly genesisHash: HashHex;
  readonly term: BlockHeader['term'];
  readonly height: Height;
  readonly blockHash: HashHex;
};

/** A certificate by the validators whose keys are given, in the order of the set. */
export function certify(
  facts: CertificateFacts,
  validators: ValidatorSet,
  keys: ReadonlyMap<NodeId, PrivateKey>,
): Certificate {
  const digest = certificateDigest(suite, facts);
  const signatures = validators.flatMap(({ nodeId }, index) => {
    const key = keys.get(nodeId);
    return key === undefined ? [] : [{ index: index as ValidatorIndex, signature: suite.sign(digest, key) }];
  });
  return { height: facts.height, blockHash: facts.blockHash, signatures };
}

async function createGenesis(directory: string): Promise<{ genesisFile: string; dirs: string[] }> {
  const dirs = [0, 1, 2, 3, 4].map((index) => join(directory, `org${index}`));
  for (const [index, dir] of dirs.entries()) {
    const p2p = `/ip4/127.0.0.1/tcp/${40_000 + index}`;
    const made = await runHansa([
      'init',
      '--dir',
      dir,
      '--org',
      `Org${index}`,
      '--p2p',
      p2p,
      '--admin',
      accountOf(index).address,
    ]);
    if (made.code !== 0) throw new Error(made.stderr);
  }
  const genesisFile = join(directory, 'genesis.json');
  const made = await runHansa([
    ...['genesis', 'create', '--chain-id', String(CHAIN_ID), '--out', genesisFile],
    ...dirs.flatMap((dir) => ['--card', nodePaths(dir).card]),
    // The first one decides alone, so that one transaction removes a validator.
    ...[1, 2, 3, 4].flatMap((index) => ['--governor', `Org${index}=0`]),
    ...[0, 1, 2].flatMap((index) => ['--account', `${accountOf(index).address}=${10n ** 21n}`]),
  ]);
  if (made.code !== 0) throw new Error(made.stderr);
  return { genesisFile, dirs };
}

/** Nonces of the accounts that send. */
class Nonces {
  readonly #next: Map<number, bigint> = new Map();

  take(account: number): bigint {
    const nonce = this.#next.get(account) ?? 0n;
    this.#next.set(account, nonce + 1n);
    return nonce;
  }
}

function transactionsOf(height: number, removed: NodeId | undefined, nonces: Nonces): SignedTransaction[] {
  const receiver = height.toString(16).padStart(40, '0') as AddressHex;
  const transactions = [transfer(1 + (height % 2), receiver, nonces)];
  if (height % 10 === 0)
    transactions.push(transfer(1, toAddressHex(accountOf(0).address.slice(2).toLowerCase()), nonces));
  if (removed !== undefined) transactions.push(removal(removed, nonces));
  return transactions;
}

const transfer = (account: number, to: AddressHex, nonces: Nonces): SignedTransaction =>
  signed(account, { to, value: 1n, data: new Uint8Array(0), gasLimit: 21_000n }, nonces);

const removal = (nodeId: NodeId, nonces: Nonces): SignedTransaction =>
  signed(
    0,
    {
      to: COMMITTEE_ADDRESS,
      value: 0n,
      data: encodeCall(
        'createProposal(address[],bytes[],bool,uint256,string)',
        ['address[]', 'bytes[]', 'bool', 'uint256', 'string'],
        [[CONSENSUS_ADDRESS], [encodeCall('remove(string)', ['string'], [nodeId])], true, 1_000n, ''],
      ),
      gasLimit: 1_000_000n,
    },
    nonces,
  );

const keyCache = new Map<number, Uint8Array>();

function keyOf(account: number): Uint8Array {
  const key = keyCache.get(account) ?? (accountOf(account).getHdKey().privateKey as Uint8Array);
  keyCache.set(account, key);
  return key;
}

type Content = {
  readonly to: AddressHex;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly gasLimit: bigint;
};

function signed(account: number, content: Content, nonces: Nonces): SignedTransaction {
  const key = keyOf(account);
  const bytes = encodeSignedTransaction(
    {
      type: 0,
      chainId: CHAIN_ID,
      nonce: nonces.take(account),
      maxFeePerGas: 0n,
      maxPriorityFeePerGas: 0n,
      accessList: [],
      ...content,
    },
    key,
  );
  const decoded = decodeTransaction(bytes);
  const recovered = decoded.ok ? recoverSender(decoded.value) : decoded;
  if (!recovered.ok) throw new Error(recovered.error.message);
  return recovered.value;
}

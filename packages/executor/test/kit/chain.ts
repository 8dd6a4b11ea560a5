import { ethereumCrypto, initCrypto, type PrivateKey, standardSuite } from '@hansa/crypto';
import {
  type AddressHex,
  bytesToHex,
  compareText,
  concatBytes,
  fromHex,
  type HashHex,
  type Height,
  type NodeId,
  type ValidatorIndex,
  type View,
} from '@hansa/primitives';
import {
  accountKey,
  type BlockHeader,
  blockHash,
  type ChainParameters,
  DEFAULT_CHAIN_PARAMETERS,
  decodeAccount,
  decodeTransaction,
  encodeSignedTransaction,
  type Genesis,
  type GenesisAccount,
  type LeftOut,
  type Proposal,
  proposalDigest,
  recoverSender,
  type SignedTransaction,
  type StateChange,
  type StateKey,
  type StateReader,
  storageKey,
  type TermInfo,
  type UnsignedTransaction,
} from '@hansa/protocol';
import { decodeFunctionResult, encodeDeployData, encodeFunctionData } from 'viem';
import {
  type BlockEnvironment,
  blockEnvironment,
  buildGenesisBlock,
  callMessage,
  createdAddress,
  type ExecutedBlock,
  executeBlock,
} from '../../src/index.ts';
import type { CompiledContract } from './solidity.ts';

await initCrypto();

export const suite = standardSuite;
export const CHAIN_ID = 20200;
export const GENESIS_TIME = 1_700_000_000_000;
export const ETHER = 10n ** 18n;
export const NOTHING: Uint8Array = new Uint8Array(0);

/** A private key that is the same in every run. */
export const keyOf = (number: number): PrivateKey => {
  const key = new Uint8Array(32).fill(0x11);
  new DataView(key.buffer).setUint32(28, number + 1);
  return key;
};

export class Wallet {
  readonly key: PrivateKey;
  readonly address: AddressHex;

  constructor(number: number) {
    this.key = keyOf(number);
    this.address = ethereumCrypto.addressOfKey(this.key);
  }

  sign(fields: Partial<UnsignedTransaction> & { readonly nonce: bigint }): SignedTransaction {
    const bytes = encodeSignedTransaction(
      {
        type: 2,
        chainId: CHAIN_ID,
        gasLimit: 1_000_000n,
        maxFeePerGas: fields.maxPriorityFeePerGas ?? 0n,
        maxPriorityFeePerGas: 0n,
        to: undefined,
        value: 0n,
        data: NOTHING,
        accessList: [],
        ...fields,
      },
      this.key,
    );
    const decoded = decodeTransaction(bytes);
    const signed = decoded.ok ? recoverSender(decoded.value) : decoded;
    if (!signed.ok) throw new Error(signed.error.message);
    return signed.value;
  }
}

export class MemoryState implements StateReader {
  readonly entries: Map<StateKey, Uint8Array>;

  constructor(entries: Iterable<readonly [StateKey, Uint8Array]> = []) {
    this.entries = new Map(entries);
  }

  get(key: StateKey): Uint8Array | undefined {
    return this.entries.get(key);
  }

  apply(changes: readonly StateChange[]): void {
    for (const { key, value } of changes) {
      if (value === undefined) this.entries.delete(key);
      else this.entries.set(key, value);
    }
  }

  after(changes: readonly StateChange[]): MemoryState {
    const state = new MemoryState(this.entries);
    state.apply(changes);
    return state;
  }

  /** Commits to the whole state; the ledger's tree is not this package's. */
  root(): HashHex {
    const sorted = [...this.entries].sort(([a], [b]) => compareText(a, b));
    return suite.taggedDigest('hansa/test-state/v1', concatBytes(...sorted.flatMap(([k, v]) => [fromHex(k), v])));
  }
}

export type ChainOptions = {
  readonly parameters?: Partial<ChainParameters>;
  readonly accounts?: readonly GenesisAccount[];
  /** Wallets with 1,000 ether in genesis, the first an admin of organisation `alpha`, the second of `beta`. */
  readonly walletCount?: number;
  /** More admins of `alpha`. */
  readonly admins?: readonly AddressHex[];
  /** Weights of `alpha` and `beta` in the committee; by default `alpha` decides alone. */
  readonly governors?: readonly number[];
  /** The rest of `nodeIds` is not registered; 4 by default. */
  readonly validatorCount?: number;
};

export const nodeIds: readonly NodeId[] = [0, 1, 2, 3, 4]
  .map((number) => suite.nodeIdOf(keyOf(100 + number)))
  .sort(compareText);

function genesisOf(
  { parameters, accounts = [], admins = [], governors = [1, 0], validatorCount = 4 }: ChainOptions,
  wallets: readonly Wallet[],
): Genesis {
  const rich = wallets.map(({ address }) => ({
    address,
    balance: 1000n * ETHER,
    nonce: 0n,
    code: NOTHING,
    storage: [],
  }));
  return {
    formatVersion: 2,
    chainId: CHAIN_ID,
    groupId: 'group0',
    suite: 'standard',
    stateTree: 'radix-v1',
    evmFork: 'prague',
    timestamp: GENESIS_TIME,
    parameters: { ...DEFAULT_CHAIN_PARAMETERS, ...parameters },
    committee: { participationRate: 66, winRate: 66 },
    organisations: ['alpha', 'beta'].map((id, index) => ({
      id,
      name: id,
      contact: '',
      admins: [...wallets.slice(index, index + 1).map(({ address }) => address), ...(index === 0 ? admins : [])].sort(
        compareText,
      ),
      threshold: 1,
      governorWeight: governors[index] ?? 0,
    })),
    nodes: nodeIds.slice(0, validatorCount).map((nodeId, index) => ({
      nodeId,
      organisationId: index % 2 === 0 ? 'alpha' : 'beta',
      role: 'validator',
      weight: 1,
      addresses: [],
    })),
    accounts: [...rich, ...accounts].sort((a, b) => compareText(a.address, b.address)),
  };
}

export type MadeBlock = ExecutedBlock & {
  readonly hash: HashHex;
  readonly proposal: Proposal;
  readonly before: MemoryState;
};

/** A chain of one node: executes what it is given, block by block, on a state in memory. */
export class TestChain {
  readonly wallets: readonly Wallet[];
  readonly genesis: Genesis;
  readonly state: MemoryState;
  readonly blocks: MadeBlock[] = [];
  readonly hashes: HashHex[] = [];
  header: BlockHeader;
  info: TermInfo;
  readonly #nonces: Map<AddressHex, bigint> = new Map();

  constructor(options: ChainOptions = {}) {
    this.wallets = Array.from({ length: options.walletCount ?? 4 }, (_, index) => new Wallet(index));
    this.genesis = genesisOf(options, this.wallets);
    const built = buildGenesisBlock(this.genesis, suite, (changes) => new MemoryState().after(changes).root());
    this.state = new MemoryState().after(built.changes);
    this.header = built.block.header;
    this.info = built.termInfo;
    this.hashes.push(built.hash);
  }

  get head(): { readonly header: BlockHeader; readonly hash: HashHex } {
    return { header: this.header, hash: this.hashes.at(-1) as HashHex };
  }

  wallet(index: number): Wallet {
    return this.wallets[index] as Wallet;
  }

  /** Signs with the nonce that follows the last signed one of this wallet. */
  sign(index: number, fields: Partial<UnsignedTransaction> = {}): SignedTransaction {
    const wallet = this.wallet(index);
    const nonce = fields.nonce ?? this.#nonces.get(wallet.address) ?? this.account(wallet.address)?.nonce ?? 0n;
    this.#nonces.set(wallet.address, nonce + 1n);
    return wallet.sign({ ...fields, nonce });
  }

  /** Forgets the nonces of transactions that were signed, but not executed. */
  forgetNonces(): void {
    this.#nonces.clear();
  }

  proposalOf(transactions: readonly SignedTransaction[], fields: Partial<Proposal> = {}): Proposal {
    return {
      chainId: CHAIN_ID,
      groupId: 'group0',
      term: this.info.term,
      height: (this.header.height + 1) as Height,
      view: 0 as View,
      parentDigest: this.header.proposalDigest,
      timestamp: this.header.timestamp + 1000,
      proposer: 0 as ValidatorIndex,
      transactionHashes: transactions.map((transaction) => transaction.hash),
      ...fields,
    };
  }

  /** Executes without moving on. */
  async run(
    transactions: readonly SignedTransaction[],
    options: { readonly proposal?: Proposal; readonly leftOut?: readonly LeftOut[] } = {},
  ): Promise<ExecutedBlock> {
    return executeBlock({
      suite,
      parent: this.head,
      proposal: options.proposal ?? this.proposalOf(transactions),
      transactions,
      ...(options.leftOut === undefined ? {} : { leftOut: options.leftOut }),
      state: this.state,
      // Each block of each test is also a test that the engines agree.
      engine: 'both',
      blockHashAt: (height) => this.hashes[height],
      stateRootAfter: (changes) => this.state.after(changes).root(),
    });
  }

  async block(transactions: readonly SignedTransaction[], fields: Partial<Proposal> = {}): Promise<MadeBlock> {
    const proposal = this.proposalOf(transactions, fields);
    const before = new MemoryState(this.state.entries);
    const result = await this.run(transactions, { proposal });
    this.state.apply(result.changes);
    const hash = blockHash(suite, result.header);
    this.header = result.header;
    this.hashes.push(hash);
    const { termInfo } = result;
    const isNewTerm = termInfo.term !== this.info.term;
    this.info = isNewTerm ? { ...termInfo, baseHash: hash } : termInfo;
    const made = { ...result, hash, proposal, before };
    this.blocks.push(made);
    return made;
  }

  account(
    address: AddressHex,
  ): { readonly nonce: bigint; readonly balance: bigint; readonly codeHash: HashHex } | undefined {
    const bytes = this.state.get(accountKey(address));
    if (bytes === undefined) return undefined;
    const decoded = decodeAccount(bytes);
    if (!decoded.ok) throw new Error(decoded.error.message);
    return decoded.value;
  }

  balance(address: AddressHex): bigint {
    return this.account(address)?.balance ?? 0n;
  }

  slot(address: AddressHex, slot: bigint): bigint {
    const value = this.state.get(storageKey(address, wordOf(slot)));
    return value === undefined ? 0n : BigInt(`0x${bytesToHex(value)}`);
  }

  /** Of the block after the head, as a call on the head's state sees it. */
  environment(): BlockEnvironment {
    return blockEnvironment({
      suite,
      parent: this.head,
      info: this.info,
      chainId: CHAIN_ID,
      height: (this.header.height + 1) as Height,
      timestampMs: this.header.timestamp + 1000,
      blockHashAt: (height) => this.hashes[height],
    });
  }

  /** Deploys in a block of its own. */
  async deploy(compiled: CompiledContract, args: readonly unknown[] = [], value = 0n): Promise<AddressHex> {
    const transaction = this.sign(0, { data: deployData(compiled, args), gasLimit: 5_000_000n, value });
    const { receipts } = await this.block([transaction]);
    if (receipts[0]?.status !== 1) throw new Error('the contract was not deployed');
    return createdAddress(transaction.sender, transaction.nonce);
  }

  /** Value of a view function on the head's state. */
  async read(
    compiled: CompiledContract,
    to: AddressHex,
    functionName: string,
    args: readonly unknown[] = [],
  ): Promise<unknown> {
    const outcome = await callMessage({
      suite,
      environment: this.environment(),
      state: this.state,
      request: { to, data: callData(compiled, functionName, args) },
      gasCap: 50_000_000n,
    });
    if (outcome.type !== 'success') throw new Error(`${functionName}: ${outcome.type}`);
    return resultOf(compiled, functionName, outcome.output);
  }
}

export const wordOf = (value: bigint): HashHex => value.toString(16).padStart(64, '0') as HashHex;
export const hex = (bytes: Uint8Array): `0x${string}` => `0x${bytesToHex(bytes)}`;

export function callData({ abi }: CompiledContract, functionName: string, args: readonly unknown[] = []): Uint8Array {
  return fromHex(encodeFunctionData({ abi, functionName, args }).slice(2));
}

export function deployData({ abi, bytecode }: CompiledContract, args: readonly unknown[] = []): Uint8Array {
  return fromHex(encodeDeployData({ abi, bytecode: hex(bytecode), args }).slice(2));
}

export function resultOf({ abi }: CompiledContract, functionName: string, output: Uint8Array): unknown {
  return decodeFunctionResult({ abi, functionName, data: hex(output) });
}

/** All that two nodes compare. */
export function bytesOf({ header, body, receipts, changes }: ExecutedBlock): unknown {
  return {
    header,
    body,
    receipts,
    changes: changes.map(({ key, value }) => [key, value === undefined ? '' : hex(value)]),
  };
}

export const digestOf = (proposal: Proposal): HashHex => proposalDigest(suite, proposal);

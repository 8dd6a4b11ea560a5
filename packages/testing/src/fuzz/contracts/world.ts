/** A chain with contracts on it, made once: each block of it has run in both engines, and compiled. */
import { ethereumCrypto, standardSuite } from '@hansa/crypto';
import { buildGenesisBlock, createdAddress, type ExecutedBlock, executeBlock } from '@hansa/executor';
import {
  type AddressHex,
  bytesToHex,
  compareText,
  fromHex,
  type HashHex,
  type Height,
  hashToHex,
  type ValidatorIndex,
  type View,
  ZERO_HASH,
} from '@hansa/primitives';
import {
  type BlockHeader,
  DEFAULT_CHAIN_PARAMETERS,
  type Genesis,
  type SignedTransaction,
  type StateKey,
} from '@hansa/protocol';
import { type Abi, encodeDeployData, encodeFunctionData, toFunctionSelector } from 'viem';
import { type CompiledContract, compileAll } from '../../solidity.ts';
import { CONTRACT_SOURCE } from './sources.ts';

const CHAIN_ID = 20200;
const ETHER = 10n ** 18n;
const GAS_PRICE = 3n;
export const CALLER_COUNT = 5;

/** Never signed: the executor is given what has been checked before. */
export const callerAddress = (index: number): AddressHex => `ca11${index.toString(16).padStart(36, '0')}` as AddressHex;

export type ContractFunction = { readonly selector: string; readonly name: string; readonly types: readonly string[] };
export type DeployedContract = { readonly address: AddressHex; readonly functions: readonly ContractFunction[] };

/** A block's end: what the next one stands on. */
export type Head = {
  readonly header: BlockHeader;
  readonly hash: HashHex;
  readonly records: ReadonlyMap<StateKey, Uint8Array>;
  readonly nonces: readonly bigint[];
};

export type ContractWorld = {
  readonly head: Head;
  readonly contracts: readonly DeployedContract[];
  readonly creations: readonly Uint8Array[];
};

export type Sent = Pick<SignedTransaction, 'to' | 'value' | 'data' | 'gasLimit' | 'accessList'> & {
  /** Index of the caller. */
  readonly from: number;
};

/** A block of these on top of `head`, in every engine. @throws EngineDifferenceError at the first difference */
export async function nextBlock(
  { header, hash, records, nonces }: Head,
  sent: readonly Sent[],
): Promise<{ readonly head: Head; readonly block: ExecutedBlock }> {
  const next = [...nonces];
  const transactions = sent.map((each, index) => transactionOf(each, next[each.from] as bigint, index, next));
  const block = await executeBlock({
    suite: standardSuite,
    parent: { header, hash },
    proposal: {
      chainId: CHAIN_ID,
      groupId: header.groupId,
      term: header.term,
      height: (header.height + 1) as Height,
      view: 0 as View,
      parentDigest: header.proposalDigest,
      timestamp: header.timestamp + 7_000,
      proposer: 0 as ValidatorIndex,
      transactionHashes: transactions.map((transaction) => transaction.hash),
    },
    transactions,
    state: { get: (key) => records.get(key) },
    engine: 'all',
    blockHashAt: (height) => hashOf(`block ${height}`),
    stateRootAfter: () => ZERO_HASH,
  });
  const after = new Map(records);
  for (const { key, value } of block.changes) {
    if (value === undefined) after.delete(key);
    else after.set(key, value);
  }
  return {
    block,
    head: { header: block.header, hash: hashOf(`block ${block.header.height}`), records: after, nonces: next },
  };
}

/** Below the cost of a transaction: it is left out, and its nonce stays free. */
const EXECUTED_FROM = 60_000n;

function transactionOf(sent: Sent, nonce: bigint, index: number, next: bigint[]): SignedTransaction {
  const { from, ...fields } = sent;
  if (fields.gasLimit >= EXECUTED_FROM) next[from] = nonce + 1n;
  return {
    ...fields,
    type: 2,
    bytes: fields.data,
    hash: hashOf(`transaction ${from} ${nonce} ${index}`),
    chainId: CHAIN_ID,
    nonce,
    maxFeePerGas: GAS_PRICE,
    maxPriorityFeePerGas: GAS_PRICE,
    signingDigest: new Uint8Array(32),
    signature: new Uint8Array(64),
    recovery: 0,
    lastHeight: undefined,
    sender: callerAddress(from),
  };
}

const hashOf = (text: string): HashHex => hashToHex(ethereumCrypto.keccak256(new TextEncoder().encode(text)));

let world: Promise<ContractWorld> | undefined;
/** Compiles and deploys on the first call: some seconds. */
export const contractWorld = (): Promise<ContractWorld> => {
  world ??= createWorld();
  return world;
};

async function createWorld(): Promise<ContractWorld> {
  const compiled = compileAll(CONTRACT_SOURCE);
  const contract = (name: string): CompiledContract => {
    const found = compiled.get(name);
    if (found === undefined) throw new Error(`the source has no contract ${name}`);
    return found;
  };
  const addressAt = (nonce: number): AddressHex => createdAddress(callerAddress(0), BigInt(nonce));
  const hexOf = (nonce: number): `0x${string}` => `0x${addressAt(nonce)}`;
  const initialize = encodeFunctionData({
    abi: contract('Evidence').abi,
    functionName: 'initialize',
    args: [`0x${callerAddress(0)}`],
  });
  const deployments: readonly (readonly [string, readonly unknown[]])[] = [
    ['Coin', ['Left', 10n ** 24n]],
    ['Coin', ['Right', 10n ** 24n]],
    ['Deeds', []],
    ['Pair', [hexOf(0), hexOf(1)]],
    ['Evidence', []],
    ['Proxy', [hexOf(4), initialize]],
    ['Relay', []],
    ['Short', [0n]],
  ];
  const creations = deployments.map(([name, args]) => creationOf(contract(name), args));
  const deployed = await nextBlock(
    genesisHead(),
    creations.map((data) => ({ from: 0, to: undefined, value: 0n, data, gasLimit: 12_000_000n, accessList: [] })),
  );
  const contracts = deployments.map(
    ([name], nonce): DeployedContract => ({
      address: addressAt(nonce),
      functions: functionsOf(contract(name === 'Proxy' ? 'Evidence' : name).abi),
    }),
  );
  const relay = contracts[6] as DeployedContract;
  // What it makes first and next: there or not.
  const made = [1n, 2n].map((nonce) => ({ ...relay, address: createdAddress(relay.address, nonce) }));
  const call = (from: number, to: number, name: string, functionName: string, args: readonly unknown[]): Sent => ({
    from,
    to: addressAt(to),
    value: 0n,
    data: fromHex(encodeFunctionData({ abi: contract(name).abi, functionName, args }).slice(2)),
    gasLimit: 2_000_000n,
    accessList: [],
  });
  const prepared = await nextBlock(deployed.head, [
    ...[0, 1].flatMap((coin) => [
      ...[1, 2, 3].map((caller) => call(0, coin, 'Coin', 'transfer', [`0x${callerAddress(caller)}`, 10n ** 21n])),
      ...[3, 6].map((holder) => call(0, coin, 'Coin', 'transfer', [hexOf(holder), 10n ** 21n])),
      call(1, coin, 'Coin', 'approve', [`0x${callerAddress(2)}`, 2n ** 256n - 1n]),
      call(1, coin, 'Coin', 'approve', [hexOf(6), 10n ** 20n]),
    ]),
    call(0, 3, 'Pair', 'provide', [`0x${callerAddress(0)}`]),
    // More than the pair has accounted for: who comes next may provide, swap, skim or redeem.
    ...[0, 1, 3].map((coin) => call(0, coin, 'Coin', 'transfer', [hexOf(3), 10n ** 18n])),
    call(0, 2, 'Deeds', 'mint', [`0x${callerAddress(1)}`, '0x']),
    call(1, 5, 'Evidence', 'file', [`0x${'01'.repeat(32)}`, 'first']),
  ]);
  const failed = [...deployed.block.receipts, ...prepared.block.receipts].findIndex(({ status }) => status === 0);
  if (failed >= 0) throw new Error(`transaction ${failed} of the contracts' first blocks failed`);
  return { head: prepared.head, contracts: [...contracts, ...made], creations };
}

const creationOf = ({ abi, bytecode }: CompiledContract, args: readonly unknown[]): Uint8Array =>
  fromHex(encodeDeployData({ abi, bytecode, args }).slice(2));

function functionsOf(abi: Abi): ContractFunction[] {
  return abi.flatMap((item) =>
    item.type === 'function'
      ? [{ name: item.name, selector: toFunctionSelector(item).slice(2), types: item.inputs.map(({ type }) => type) }]
      : [],
  );
}

function genesisHead(): Head {
  const built = buildGenesisBlock(genesis(), standardSuite, () => ZERO_HASH);
  const records = new Map<StateKey, Uint8Array>();
  for (const { key, value } of built.changes) if (value !== undefined) records.set(key, value);
  const nonces = Array.from({ length: CALLER_COUNT }, () => 0n);
  return { header: built.block.header, hash: built.hash, records, nonces };
}

function genesis(): Genesis {
  const nodeIds = [1, 2, 3, 4]
    .map((number) => standardSuite.nodeIdOf(fromHex(bytesToHex(new Uint8Array(32).fill(number)))))
    .sort(compareText);
  return {
    formatVersion: 2,
    chainId: CHAIN_ID,
    groupId: 'group0',
    suite: 'standard',
    stateTree: 'radix-v1',
    evmFork: 'prague',
    timestamp: 1_700_000_000_000,
    parameters: {
      ...DEFAULT_CHAIN_PARAMETERS,
      blockGasLimit: 100_000_000n,
      txGasLimit: 15_000_000n,
      minimumGasPrice: 2n,
      feeRecipient: 'fe'.repeat(20) as AddressHex,
    },
    committee: { participationRate: 66, winRate: 66 },
    organisations: ['alpha', 'beta'].map((id, index) => ({
      id,
      name: id,
      contact: '',
      admins: [callerAddress(CALLER_COUNT - 1 - index)],
      threshold: 1,
      governorWeight: 1,
    })),
    nodes: nodeIds.map((nodeId, index) => ({
      nodeId,
      organisationId: index % 2 === 0 ? 'alpha' : 'beta',
      role: 'validator',
      weight: 1,
      addresses: [],
    })),
    accounts: Array.from({ length: CALLER_COUNT }, (_, index) => ({
      address: callerAddress(index),
      balance: 1_000n * ETHER,
      nonce: 0n,
      code: new Uint8Array(0),
      storage: [],
    })).sort((a, b) => compareText(a.address, b.address)),
  };
}

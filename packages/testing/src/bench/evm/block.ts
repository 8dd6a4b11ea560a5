/** ERC-20 transfers as transactions of a block, with everything but signatures and the tree of state. */
import { standardSuite } from '@hansa/crypto';
import { buildGenesisBlock, type EngineName, executeBlock } from '@hansa/executor';
import { compareText, fromHex, type Height, type ValidatorIndex, type View, ZERO_HASH } from '@hansa/primitives';
import {
  DEFAULT_CHAIN_PARAMETERS,
  decodeTransaction,
  type Genesis,
  type Proposal,
  recoverSender,
  type SignedTransaction,
} from '@hansa/protocol';
import { type Account, benchAccounts, type Call, prepare } from '../accounts.ts';
import { erc20Transfer, tokenCreation } from '../workloads.ts';
import { SENDER, World } from './world.ts';

const CHAIN_ID = 20200;
const COUNT = 500;
const GAS_LIMIT = 100_000n;

export type BlockBench = {
  readonly name: string;
  /** Transactions of the block. */
  readonly count: number;
  readonly run: (engine: EngineName) => Promise<void>;
};

export async function createBlockBench(): Promise<BlockBench> {
  const accounts = benchAccounts(COUNT);
  const genesis = genesisOf(accounts);
  const built = buildGenesisBlock(genesis, standardSuite, () => ZERO_HASH);
  const world = new World();
  for (const { key, value } of built.changes) if (value !== undefined) world.records.set(key, value);
  const token = await world.apply({ from: SENDER, to: undefined, data: tokenCreation(10n ** 30n) });
  if (token === undefined) throw new Error('the token was not created');
  for (const { address } of accounts) world.putBalance(token, address, 10n ** 20n);
  const transactions = accounts.map((account, i) => {
    const to = (accounts[(i + 1) % COUNT] as Account).address;
    return signed(account, { to: token, value: 0n, data: erc20Transfer(to, 1n), gasLimit: GAS_LIMIT });
  });
  const { header } = built.block;
  const proposal: Proposal = {
    chainId: CHAIN_ID,
    groupId: genesis.groupId,
    term: built.termInfo.term,
    height: 1 as Height,
    view: 0 as View,
    parentDigest: header.proposalDigest,
    timestamp: header.timestamp + 1_000,
    proposer: 0 as ValidatorIndex,
    transactionHashes: transactions.map(({ hash }) => hash),
  };
  return {
    name: `whole transaction with receipt, in a block of ${COUNT}`,
    count: COUNT,
    run: async (engine) => {
      const { receipts } = await executeBlock({
        suite: standardSuite,
        parent: { header, hash: built.hash },
        proposal,
        transactions,
        state: world,
        engine,
        blockHashAt: () => undefined,
        stateRootAfter: () => ZERO_HASH,
      });
      const done = receipts.filter(({ status, logs }) => status === 1 && logs.length === 1).length;
      if (done !== COUNT) throw new Error(`${done} of ${COUNT} transfers were executed`);
    },
  };
}

function signed(account: Account, call: Call): SignedTransaction {
  const { raw } = prepare(account, CHAIN_ID, call);
  const decoded = decodeTransaction(fromHex(raw.slice(2)));
  const recovered = decoded.ok ? recoverSender(decoded.value) : decoded;
  if (!recovered.ok) throw new Error(recovered.error.message);
  return recovered.value;
}

function genesisOf(accounts: readonly Account[]): Genesis {
  const nodeIds = benchAccounts(4)
    .map(({ key }) => standardSuite.nodeIdOf(key))
    .sort(compareText);
  const nothing = new Uint8Array(0);
  return {
    formatVersion: 2,
    chainId: CHAIN_ID,
    groupId: 'group0',
    suite: 'standard',
    stateTree: 'radix-v1',
    evmFork: 'prague',
    timestamp: 1_700_000_000_000,
    parameters: { ...DEFAULT_CHAIN_PARAMETERS, blockGasLimit: BigInt(COUNT) * GAS_LIMIT },
    committee: { participationRate: 66, winRate: 66 },
    organisations: ['alpha', 'beta'].map((id, index) => ({
      id,
      name: id,
      contact: '',
      admins: [(accounts[index] as Account).address],
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
    accounts: accounts
      .map(({ address }) => ({ address, balance: 10n ** 18n, nonce: 0n, code: nothing, storage: [] }))
      .sort((a, b) => compareText(a.address, b.address)),
  };
}

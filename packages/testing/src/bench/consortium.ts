import { Agent } from 'node:http';
import { type AddressHex, fromHex, toAddressHex } from '@hansa/primitives';
import { type Account, accountOf, benchAccounts, prepare } from './accounts.ts';
import { type Outgoing, sendBatch, sleep } from './load.ts';
import type { BenchNet } from './net.ts';
import {
  creationWorkload,
  erc20Transfer,
  erc20Workload,
  keyValueWorkload,
  TRANSFER,
  tableCreation,
  tokenCreation,
  type Workload,
} from './workloads.ts';

/** The first account of every devnet. */
const FIRST_KEY = fromHex('ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80');
const FUNDS = 10n ** 18n;
const SENT_AT_ONCE = 100;
const NOTHING = new Uint8Array(0);

/** What a load needs on the chain. */
export type Setup = { readonly accounts: readonly Account[]; readonly workload: Workload };

/** Accounts with money, and the contract of the workload. @throws Error for a name that is not known */
export async function setUp(net: BenchNet, workload: string, accountCount: number): Promise<Setup> {
  const first = accountOf(FIRST_KEY, 1n);
  const accounts = benchAccounts(accountCount);
  for (const { address } of accounts)
    prepare(first, net.chainId, { to: address, value: FUNDS, data: NOTHING, gasLimit: 21_000n });
  await sendAll(net, first);
  return { accounts, workload: await setUpWorkload(net, workload, { first, accounts }) };
}

async function setUpWorkload(
  net: BenchNet,
  name: string,
  { first, accounts }: { readonly first: Account; readonly accounts: readonly Account[] },
): Promise<Workload> {
  const create = async (data: Uint8Array): Promise<AddressHex> => {
    const { hash } = prepare(first, net.chainId, { to: undefined, value: 0n, data, gasLimit: 3_000_000n });
    await sendAll(net, first);
    const receipt = await ask<{ contractAddress: string }>(net, 'eth_getTransactionReceipt', [hash]);
    return toAddressHex(receipt.contractAddress.slice(2));
  };
  switch (name) {
    case 'transfer':
      return TRANSFER;
    case 'deployment':
      return creationWorkload();
    case 'kv':
    case 'kv-1k': {
      const { table, calls } = tableCreation('bench');
      for (const call of calls) prepare(first, net.chainId, call);
      await sendAll(net, first);
      return keyValueWorkload(table, name === 'kv' ? 100 : 1_000);
    }
    case 'erc20': {
      const token = await create(tokenCreation(FUNDS));
      for (const { address } of accounts)
        prepare(first, net.chainId, {
          to: token,
          value: 0n,
          data: erc20Transfer(address, 10n ** 9n),
          gasLimit: 100_000n,
        });
      await sendAll(net, first);
      return erc20Workload(token);
    }
    default:
      throw new Error(`--workload ${name} is not known: use transfer, erc20, deployment, kv or kv-1k`);
  }
}

/** Sends what the account has prepared, in parts, and waits until it is final. */
async function sendAll(net: BenchNet, account: Account): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  while (account.next < account.prepared.length) {
    const batch = account.prepared.slice(account.next, account.next + SENT_AT_ONCE).map(({ hash, raw }): Outgoing => {
      return { client: { account, node: 0 }, slot: { dueMs: performance.now(), hash }, raw };
    });
    await sendBatch((net.nodes[0] as { rpc: string }).rpc, batch, agent);
    const refused = batch.find(({ slot }) => slot.refusal !== undefined);
    if (refused !== undefined) throw new Error(`the bench could not be set up: ${refused.slot.refusal}`);
    while (batch.some(({ slot }) => !net.heads.finalAt.has(slot.hash))) await sleep(20);
  }
  agent.destroy();
}

/** An answer of the first node. */
export async function ask<T>(net: BenchNet, method: string, params: readonly unknown[]): Promise<T> {
  return askAt((net.nodes[0] as { rpc: string }).rpc, method, params);
}

export async function askAt<T>(rpc: string, method: string, params: readonly unknown[]): Promise<T> {
  const response = await fetch(rpc, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  return ((await response.json()) as { result: T }).result;
}

/** A validator whose state on disk is wrong finds it out, says what is wrong, and heals by itself while the chain goes on. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { accountKey, decodeAccount, encodeAccount } from '@hansa/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stateEntryKey } from '../packages/ledger/src/keys.ts';
import { openStore } from '../packages/ledger/src/store.ts';
import { receiptOf, sendFinal } from './kit/chain.ts';
import { heightOf, type ReadyNode, rpc, startDevnet, type TestDevnet, until } from './kit/devnet.ts';
import { Wallet } from './kit/wallet.ts';
import { Witness } from './kit/witness.ts';

type Status = {
  voting: boolean;
  whyNoBlock: string | null;
  divergence: { height: number; field: string; key: string | null } | null;
};
type Report = Readonly<Record<string, unknown>>;

const VICTIM = 2;
let net: TestDevnet;
let witness: Witness;

const nodeAt = (index: number): ReadyNode => net.ready.nodes[index] as ReadyNode;
const statusAt = (index: number): Promise<Status> => rpc<Status>(nodeAt(index).rpc, 'hansa_getStatus');

function reportsOf(index: number): Report[] {
  const directory = join(nodeAt(index).dir, 'data', 'divergence');
  return readdirSync(directory).map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as Report);
}

/** Adds 1 to a balance on disk, with a right checksum, and leaves the state tree as it is. */
async function forgeBalance(index: number, address: string): Promise<{ key: string }> {
  const store = await openStore(join(nodeAt(index).dir, 'data', 'ledger'), { createIfMissing: false });
  const key = accountKey(address.slice(2).toLowerCase() as Parameters<typeof accountKey>[0]);
  const account = decodeAccount(store.get(stateEntryKey(key)) as Uint8Array);
  if (!account.ok) throw new Error(account.error.message);
  const batch = store.batch();
  batch.put(stateEntryKey(key), encodeAccount({ ...account.value, balance: account.value.balance + 1n }));
  await batch.write({ sync: true });
  await store.close();
  return { key: `0x${key}` };
}

beforeAll(async () => {
  net = await startDevnet();
  witness = new Witness(net, 9);
  await witness.check();
}, 120_000);

afterAll(() => net.dispose());

it('PBFT-N7, SYNC-14: a validator with a wrong state names the key, rebuilds itself and votes again; the chain goes on', async () => {
  const spender = new Wallet(3);
  await net.kill(VICTIM);
  const { key } = await forgeBalance(VICTIM, spender.address);
  const node = net.restart(VICTIM);
  await until(async () => (await statusAt(VICTIM)).voting, 30_000, 'the node votes: it does not know yet');
  const other = new Wallet(4);
  const receipt = await sendFinal(nodeAt(0).rpc, (await spender.sign({ to: other.address, value: 5n })).raw);
  expect(receipt.status).toBe('0x1');
  await until(() => node.stdout().includes('"healing":"rebuild"'), 30_000, 'the node has looked at the block');
  // The others need nothing from it.
  await witness.check({ nodes: [0, 1, 3] });
  await until(async () => (await statusAt(VICTIM)).voting, 60_000, 'the node votes again');
  const [report] = reportsOf(VICTIM);
  expect(report).toMatchObject({
    format: 'hansa/divergence/v1',
    height: Number(receipt.blockNumber),
    blockHash: receipt.blockHash,
    field: 'stateRoot',
    key,
    healing: 'rebuild',
    program: expect.stringMatching(/^hansa /) as string,
    runtime: expect.stringMatching(/^node v/) as string,
  });
  const [certified, own] = [report?.['certifiedValue'], report?.['ownValue']] as [string, string];
  // Nonce (u64), then the balance.
  expect(BigInt(`0x${own.slice(18, 82)}`) - BigInt(`0x${certified.slice(18, 82)}`)).toBe(1n);
  expect(await receiptOf(nodeAt(VICTIM).rpc, receipt.transactionHash)).toEqual(
    await receiptOf(nodeAt(0).rpc, receipt.transactionHash),
  );
  // Its vote counts: without another one the chain goes on.
  await net.kill(3);
  await witness.check({ nodes: [0, 1, 2] });
  const head = await heightOf(nodeAt(0).rpc);
  await until(async () => (await heightOf(nodeAt(VICTIM).rpc)) >= head, 10_000, 'it has the head');
  expect((await statusAt(VICTIM)).divergence).toBeNull();
}, 180_000);

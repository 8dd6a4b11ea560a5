/** Contracts on four nodes: two libraries that developers use, unchanged; and a node that runs them on the other engine. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type CompiledContract, compile, TOKEN_SOURCE } from '@hansa/testing';
import { encodeDeployData, encodeFunctionData, getContractAddress } from 'viem';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runEthersScript } from './clients/ethers-script.ts';
import { runViemScript, type ScriptResult } from './clients/viem-script.ts';
import { chainOf, type Receipt, sendFinal } from './kit/chain.ts';
import { heightOf, type ReadyNode, rpc, startDevnet, type TestDevnet, until } from './kit/devnet.ts';
import { accountOf, Wallet } from './kit/wallet.ts';

let net: TestDevnet;
let token: CompiledContract;

beforeAll(async () => {
  net = await startDevnet();
  token = compile(TOKEN_SOURCE, 'Token');
}, 120_000);

afterAll(() => net.dispose());

it.each([
  { name: 'viem', run: runViemScript, sender: 4 },
  { name: 'ethers', run: runEthersScript, sender: 6 },
])('$name: transfer, ERC-20, events by query and by subscription, custom error, one chain', async ({ run, sender }) => {
  const result: ScriptResult = await run({ urls: net.ready.nodes.map((node) => node.rpc), token });
  expect(result).toMatchObject({
    received: 15n * 10n ** 17n,
    tokenName: 'Consortium Token',
    tokenBalance: 125n,
    eventValues: [100n, 25n],
    subscribedValues: [100n, 25n],
    customError: { name: 'ERC20InsufficientBalance', args: [accountOf(sender).address, 875n, 10_000n] },
    estimateError: 'ERC20InsufficientBalance',
  });
  expect(result.blockHashes).toHaveLength(4);
  expect(new Set(result.blockHashes).size).toBe(1);
  expect(result.blockHashes[0]).toMatch(/^0x[0-9a-f]{64}$/);
});

const HOLDERS = [0, 1, 2, 3, 5, 7] as const;
const TRANSFERS_EACH = 15;

it('EXE-2: one node of four on EthereumJS votes and agrees while the others run contracts on the own engine', async () => {
  const [first, second, third, other] = net.ready.nodes as [ReadyNode, ReadyNode, ReadyNode, ReadyNode];
  const urls = [first.rpc, second.rpc, third.rpc, other.rpc];
  const file = join(other.dir, 'hansa.toml');
  const compiling = join(third.dir, 'hansa.toml');
  await Promise.all([net.kill(2), net.kill(3)]);
  writeFileSync(compiling, `${readFileSync(compiling, 'utf8')}\n[execution]\ncompiler = "on"\n`);
  writeFileSync(file, `${readFileSync(file, 'utf8')}\n[execution]\nengine = "ethereumjs"\n`);
  net.restart(2);
  net.restart(3);
  for (const { rpc: url } of [third, other]) {
    const isVoting = async (): Promise<boolean> => (await rpc<{ voting: boolean }>(url, 'hansa_getStatus')).voting;
    await until(isVoting, 30_000, 'the node on another engine votes');
  }
  const send = async (wallet: Wallet, url: string, choice: Parameters<Wallet['sign']>[0]): Promise<Receipt> => {
    const { raw } = await wallet.sign({ value: 0n, gas: 2_000_000n, ...choice });
    return sendFinal(url, raw);
  };
  const wallets = await Promise.all(
    HOLDERS.map(async (index) => {
      const wallet = new Wallet(index);
      wallet.nonce = Number(await rpc<string>(first.rpc, 'eth_getTransactionCount', [wallet.address, 'pending']));
      return wallet;
    }),
  );
  const [owner, ...holders] = wallets as [Wallet, ...Wallet[]];
  const { abi, bytecode } = token;
  // No recipient: a creation.
  const { raw, nonce } = await owner.signCreation(encodeDeployData({ abi, bytecode, args: [10n ** 24n] }));
  await sendFinal(first.rpc, raw);
  const to = getContractAddress({ from: owner.address, nonce: BigInt(nonce) });
  const transfer = (receiver: Wallet, amount: bigint): `0x${string}` =>
    encodeFunctionData({ abi, functionName: 'transfer', args: [receiver.address, amount] });
  for (const holder of holders) await send(owner, second.rpc, { to, data: transfer(holder, 10n ** 18n) });
  const receipts = await Promise.all(
    wallets.map(async (wallet, index) => {
      const done: Receipt[] = [];
      for (let i = 0; i < TRANSFERS_EACH; i++) {
        const receiver = wallets[(index + i + 1) % wallets.length] as Wallet;
        // Now and then more than there is: it reverts.
        const amount = i % 5 === 4 ? 10n ** 30n : BigInt(i + 1);
        done.push(
          await send(wallet, urls[(index + i) % urls.length] as string, { to, data: transfer(receiver, amount) }),
        );
      }
      return done;
    }),
  );
  const all = receipts.flat();
  expect(all.filter(({ status }) => status === '0x0')).toHaveLength(wallets.length * 3);
  const last = Math.max(...all.map(({ blockNumber }) => Number(blockNumber)));
  for (const url of urls) await until(async () => (await heightOf(url)) >= last, 20_000, `block ${last} at ${url}`);
  const chains = await Promise.all(urls.map(async (url) => (await chainOf(url)).slice(0, last + 1)));
  for (const chain of chains) expect(chain.map(({ hash }) => hash)).toEqual(chains[0]?.map(({ hash }) => hash));
  expect(net.isRunning(3)).toBe(true);
}, 120_000);

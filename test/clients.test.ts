/** Two libraries that developers use, unchanged, against four nodes: transfer, token, events, custom error. */

import { type CompiledContract, compile, TOKEN_SOURCE } from '@hansa/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runEthersScript } from './clients/ethers-script.ts';
import { runViemScript, type ScriptResult } from './clients/viem-script.ts';
import { startDevnet, type TestDevnet } from './kit/devnet.ts';
import { accountOf } from './kit/wallet.ts';

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

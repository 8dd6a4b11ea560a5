/** Solidity contracts, OpenZeppelin's among them, through whole blocks: what they do, see and leave behind. */
import { ethereumCrypto } from '@hansa/crypto';
import { type AddressHex, addressToHex, concatBytes, fromHex, type Height } from '@hansa/primitives';
import type { Receipt, SignedTransaction, StateKey } from '@hansa/protocol';
import { prevRandao } from '@hansa/protocol';
import { decodeErrorResult, decodeEventLog, keccak256, toHex } from 'viem';
import { beforeAll, describe, expect, it } from 'vitest';
import { createdAddress, SYSTEM_CONTRACTS } from '../src/index.ts';
import {
  bytesOf,
  CHAIN_ID,
  callData,
  deployData,
  ETHER,
  hex,
  MemoryState,
  resultOf,
  suite,
  TestChain,
  wordOf,
} from './kit/chain.ts';
import { contract } from './kit/solidity.ts';

const FEES = 'fe'.repeat(20) as AddressHex;
const HEIR = 'ab'.repeat(20) as AddressHex;
const PRICE = 1_000_000_000n;
const address = (at: AddressHex): `0x${string}` => `0x${at}`;

/** One call in a block of its own. */
async function send(
  chain: TestChain,
  to: AddressHex,
  data: Uint8Array,
  fields: Parameters<TestChain['sign']>[1] = {},
): Promise<Receipt> {
  const { receipts, body } = await chain.block([chain.sign(0, { to, data, gasLimit: 3_000_000n, ...fields })]);
  if (receipts[0] === undefined) throw new Error(`left out: ${body.leftOut[0]?.reason}`);
  return receipts[0];
}

describe('an ERC-20 token of OpenZeppelin', () => {
  const token = contract('Token');
  let chain: TestChain;
  let at: AddressHex;
  beforeAll(async () => {
    chain = new TestChain();
    at = await chain.deploy(token, [1000n]);
  });

  it('moves balances, and says so in an event with the right topics', async () => {
    const receipt = await send(chain, at, callData(token, 'transfer', [address(HEIR), 40n]));
    expect(receipt.status).toBe(1);
    expect(resultOf(token, 'transfer', receipt.output)).toBe(true);
    expect(await chain.read(token, at, 'balanceOf', [address(HEIR)])).toBe(40n);
    expect(receipt.logs).toHaveLength(1);
    const [log] = receipt.logs;
    expect(log?.address).toBe(at);
    const topics = (log?.topics ?? []).map(address as never) as [`0x${string}`];
    expect(decodeEventLog({ abi: token.abi, topics, data: hex(log?.data as Uint8Array) })).toMatchObject({
      eventName: 'Transfer',
      args: { value: 40n },
    });
    expect(log?.topics.slice(1)).toEqual([wordOf(BigInt(`0x${chain.wallet(0).address}`)), wordOf(BigInt(`0x${HEIR}`))]);
  });

  it('refuses with a custom error, which is the output of the receipt', async () => {
    const receipt = await send(chain, at, callData(token, 'transfer', [address(HEIR), 5000n]));
    expect(receipt).toMatchObject({ status: 0, logs: [] });
    expect(decodeErrorResult({ abi: token.abi, data: hex(receipt.output) })).toMatchObject({
      errorName: 'ERC20InsufficientBalance',
      args: [expect.anything(), 960n, 5000n],
    });
    expect(await chain.read(token, at, 'balanceOf', [address(HEIR)])).toBe(40n);
  });

  it('spends an allowance in the block that gave it', async () => {
    const spender = chain.wallet(1).address;
    const { receipts } = await chain.block([
      chain.sign(0, { to: at, data: callData(token, 'approve', [address(spender), 10n]) }),
      chain.sign(1, {
        to: at,
        data: callData(token, 'transferFrom', [address(chain.wallet(0).address), address(spender), 10n]),
      }),
      chain.sign(1, {
        to: at,
        data: callData(token, 'transferFrom', [address(chain.wallet(0).address), address(spender), 1n]),
      }),
    ]);
    expect(receipts.map(({ status }) => status)).toEqual([1, 1, 0]);
    expect(await chain.read(token, at, 'balanceOf', [address(spender)])).toBe(10n);
  });
});

describe('failure (EXE-16)', () => {
  const store = contract('Store');
  let chain: TestChain;
  let at: AddressHex;
  beforeAll(async () => {
    chain = new TestChain({ parameters: { minimumGasPrice: PRICE, feeRecipient: FEES } });
    const transaction = chain.sign(0, { data: deployData(store), maxFeePerGas: PRICE, gasLimit: 2_000_000n });
    await chain.block([transaction]);
    at = createdAddress(transaction.sender, 0n);
  });
  const priced = { maxFeePerGas: PRICE, gasLimit: 200_000n };

  it.each([
    { name: 'a revert with a custom error', call: 'setAndFail', args: [9n], value: 5n },
    { name: 'a panic', call: 'setAndPanic', args: [9n], value: 0n },
    { name: 'running out of gas', call: 'setAndSpin', args: [9n], value: 0n },
  ])('EXE-16: $name leaves nothing but nonce and fee', async ({ call, args, value }) => {
    const { receipts, changes } = await chain.block([
      chain.sign(0, { ...priced, to: at, data: callData(store, call, args), value }),
    ]);
    const [receipt] = receipts;
    expect(receipt).toMatchObject({ status: 0, logs: [] });
    if (call === 'setAndSpin') expect(receipt).toMatchObject({ gasUsed: priced.gasLimit, output: new Uint8Array(0) });
    else expect(receipt?.gasUsed).toBeLessThan(priced.gasLimit);
    if (call === 'setAndFail')
      expect(decodeErrorResult({ abi: store.abi, data: hex(receipt?.output as Uint8Array) })).toMatchObject({
        errorName: 'TooHigh',
        args: [9n, 7n],
      });
    const accounts = [chain.wallet(0).address, FEES].map((owner) => `01${owner}`);
    expect(changes.map(({ key }) => key as string).filter((key) => !key.startsWith('03'))).toEqual(accounts.sort());
    expect(chain.balance(at)).toBe(0n);
  });

  it('EXE-16: an inner failure takes back what is within it, alone', async () => {
    const other = createdAddress(chain.wallet(1).address, 0n);
    await chain.block([chain.sign(1, { ...priced, data: deployData(store), gasLimit: 2_000_000n })]);
    const receipt = await send(chain, at, callData(store, 'tryFail', [address(other), 3n]), priced);
    expect(receipt).toMatchObject({ status: 1, logs: [] });
    expect(resultOf(store, 'tryFail', receipt.output)).toBe(false);
    expect(chain.slot(at, 0n)).toBe(3n);
    expect(chain.slot(other, 0n)).toBe(0n);
  });

  it('EXE-14: clearing storage pays back at most a fifth, and a failure nothing', async () => {
    await send(chain, at, callData(store, 'fillAndClear', [100n, 20n, 1n]), { ...priced, gasLimit: 2_000_000n });
    const data = callData(store, 'fillAndClear', [100n, 20n, 0n]);
    const cleared = await send(chain, at, data, { ...priced, gasLimit: 2_000_000n });
    // 20 slots: 5,000 each, 4,800 of it refundable; a fifth of all is the most.
    const full = (cleared.gasUsed * 5n) / 4n;
    expect(full).toBeGreaterThan(121_000n);
    expect(cleared.gasUsed).toBeLessThan(full);
    expect([...chain.state.entries.keys()].filter((key) => key.startsWith(`02${at}`))).toHaveLength(1);
  });
});

describe('what a contract sees (EXE-20)', () => {
  it('EXE-20: number, time, limits, price, chance, hashes', async () => {
    const environment = contract('Environment');
    const chain = new TestChain({ parameters: { minimumGasPrice: PRICE, feeRecipient: FEES } });
    const transaction = chain.sign(0, { data: deployData(environment), maxFeePerGas: PRICE, gasLimit: 3_000_000n });
    await chain.block([transaction]);
    const at = createdAddress(transaction.sender, 0n);
    for (let count = 0; count < 260; count++) await chain.block([]);
    const height = chain.header.height + 1;
    const heights = [height, height + 1, height - 1, height - 2, height - 256, height - 257, 0].map(BigInt);
    const data = callData(environment, 'note', [heights]);
    const fees = { maxFeePerGas: 5n * PRICE, maxPriorityFeePerGas: PRICE };
    const made = await chain.block([chain.sign(1, { to: at, data, gasLimit: 3_000_000n, ...fees })]);
    expect(made.receipts[0]?.status).toBe(1);
    const read = (name: string, args: readonly unknown[] = []): Promise<unknown> =>
      chain.read(environment, at, name, args);
    const parent = chain.hashes[height - 1] as never;
    expect(await read('facts')).toEqual([
      BigInt(height),
      BigInt(Math.floor(made.header.timestamp / 1000)),
      30_000_000n,
      expect.stringMatching(new RegExp(address(FEES), 'i')),
      PRICE,
      BigInt(address(prevRandao(suite, parent, height) as never)),
      BigInt(CHAIN_ID),
      2n * PRICE,
      expect.stringMatching(new RegExp(address(chain.wallet(1).address), 'i')),
      1n,
    ]);
    const zero = address('00'.repeat(32) as never);
    const expected = [
      zero,
      zero,
      ...[height - 1, height - 2, height - 256].map((at) => address(chain.hashes[at] as never)),
      zero,
      zero,
    ];
    for (const [index, at] of heights.entries()) expect(await read('hashes', [at])).toBe(expected[index]);
  });

  it('EXE-20: genesis is an ancestor like others', async () => {
    const environment = contract('Environment');
    const chain = new TestChain();
    const at = await chain.deploy(environment);
    expect(await chain.read(environment, at, 'hashOf', [0n])).toBe(address(chain.hashes[0] as never));
    expect(await chain.read(environment, at, 'hashOf', [1n])).toBe(address(chain.hashes[1] as never));
    expect(await chain.read(environment, at, 'hashOf', [2n])).toBe(address('00'.repeat(32) as never));
  });

  it('EXE-21, EXE-25: transient storage and warm slots end with their transaction', async () => {
    const store = contract('Store');
    const chain = new TestChain();
    const at = await chain.deploy(store);
    const thrice = callData(store, 'takeFlagThrice');
    const read = callData(store, 'readTwice', [5n]);
    const { receipts } = await chain.block([
      chain.sign(0, { to: at, data: thrice }),
      chain.sign(0, { to: at, data: thrice }),
      chain.sign(0, { to: at, data: read }),
      chain.sign(0, { to: at, data: callData(store, 'setAndFail', [5n]) }),
      chain.sign(0, { to: at, data: read }),
      chain.sign(0, { type: 1, to: at, data: read, accessList: [{ address: at, storageKeys: [slotOf(5n)] }] }),
    ]);
    const outputs = receipts.map(({ output }) => output) as Uint8Array[];
    expect(resultOf(store, 'takeFlagThrice', outputs[0] as Uint8Array)).toEqual([0n, 1n, 2n]);
    expect(outputs[1]).toEqual(outputs[0]);
    const [cold, warm] = resultOf(store, 'readTwice', outputs[2] as Uint8Array) as [bigint, bigint];
    expect(cold - warm).toBeGreaterThan(1500n);
    // Later transactions pay as much as the first, whatever the one between did.
    expect((resultOf(store, 'readTwice', outputs[4] as Uint8Array) as bigint[])[0]).toBe(cold);
    // Listed slots are warm at once.
    expect((resultOf(store, 'readTwice', outputs[5] as Uint8Array) as bigint[])[0]).toBe(cold - 2000n);
  });
});

describe('warm addresses (EXE-25)', () => {
  const at = 'c0'.repeat(20) as AddressHex;
  it.each([
    { name: 'sender', push: [0x33], gas: 106 },
    { name: 'recipient', push: [0x30], gas: 106 },
    { name: 'fee recipient', push: [0x41], gas: 106 },
    { name: 'last precompile', push: [0x60, 0x11], gas: 107 },
    { name: 'system contract', push: [0x61, 0x10, 0x03], gas: 107 },
    { name: 'address of the last height', push: [0x62, 0x01, 0x00, 0x20], gas: 107 },
    { name: 'no other: what follows the precompiles', push: [0x60, 0x12], gas: 2607 },
  ])('EXE-25: $name', async ({ push, gas }) => {
    // Gas of BALANCE of what is pushed: GAS, push, BALANCE, POP, GAS, SWAP1, SUB, PUSH0, MSTORE, RETURN(0, 32).
    const code = Uint8Array.of(0x5a, ...push, 0x31, 0x50, 0x5a, 0x90, 0x03, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3);
    const account = { address: at, balance: 0n, nonce: 1n, code, storage: [] };
    const chain = new TestChain({ parameters: { feeRecipient: FEES }, accounts: [account] });
    const receipt = await send(chain, at, new Uint8Array(0), { lastHeight: 9 as Height });
    expect(Number(hex(receipt.output))).toBe(gas);
  });

  it('EXE-25: every system contract, for one who could not pay for a cold account', async () => {
    // BALANCE of the address in the call data; some 330 gas are left for it.
    const account = { address: at, balance: 0n, nonce: 1n, code: fromHex('5f35315000'), storage: [] };
    const chain = new TestChain({ accounts: [account] });
    const ask = (of: AddressHex): SignedTransaction =>
      chain.sign(0, { to: at, data: concatBytes(new Uint8Array(12), fromHex(of)), gasLimit: 21_500n });
    const { receipts } = await chain.block([
      ...SYSTEM_CONTRACTS.map(({ address: of }) => ask(of)),
      ask('12'.padStart(40, '0') as AddressHex),
    ]);
    expect(receipts.map(({ status }) => status)).toEqual([...SYSTEM_CONTRACTS.map(() => 1), 0]);
  });
});

const slotOf = (index: bigint): ReturnType<typeof wordOf> =>
  keccak256(concatBytes(fromHex(wordOf(index)), fromHex(wordOf(1n)))).slice(2) as ReturnType<typeof wordOf>;

describe('creation and self-destruction (EXE-23)', () => {
  const factory = contract('Factory');
  const mortal = contract('Mortal');
  const salt = (number: bigint): `0x${string}` => toHex(number, { size: 32 });
  const addressOf = (maker: AddressHex, number: bigint): AddressHex => {
    const codeHash = ethereumCrypto.keccak256(mortal.bytecode);
    const preimage = concatBytes(Uint8Array.of(0xff), fromHex(maker), fromHex(salt(number).slice(2)), codeHash);
    return addressToHex(ethereumCrypto.keccak256(preimage).subarray(12));
  };
  let chain: TestChain;
  let at: AddressHex;
  beforeAll(async () => {
    chain = new TestChain();
    at = await chain.deploy(factory);
  });
  const keysOf = (owner: AddressHex): StateKey[] =>
    [...chain.state.entries.keys()].filter((key) => key.slice(2, 42) === owner);

  it('EXE-23: CREATE2 makes a contract at its address, once', async () => {
    const made = addressOf(at, 1n);
    const receipt = await send(chain, at, callData(factory, 'make', [salt(1n)]), { value: 3n });
    expect(receipt.status).toBe(1);
    expect(hex(receipt.output.subarray(12))).toBe(address(made));
    expect(chain.account(made)).toMatchObject({ balance: 3n, nonce: 1n });
    expect(chain.slot(made, 0n)).toBe(7n);
    const again = await send(chain, at, callData(factory, 'make', [salt(1n)]));
    expect(again.status).toBe(0);
    const twice = await send(chain, at, callData(factory, 'makeTwice', [salt(2n)]));
    expect(resultOf(factory, 'makeTwice', twice.output)).toEqual([expect.anything(), false]);
    expect(chain.slot(addressOf(at, 2n), 0n)).toBe(7n);
  });

  it('EXE-23: in a later transaction self-destruction moves the balance alone (EIP-6780)', async () => {
    const made = addressOf(at, 1n);
    const receipt = await send(chain, made, callData(mortal, 'die', [address(HEIR)]));
    expect(receipt.status).toBe(1);
    expect(chain.balance(HEIR)).toBe(3n);
    expect(chain.account(made)).toMatchObject({ balance: 0n, nonce: 1n });
    expect(chain.slot(made, 0n)).toBe(7n);
  });

  it('EXE-23: in the transaction of its creation all of it goes, and the address is free again', async () => {
    const made = addressOf(at, 3n);
    const before = chain.balance(HEIR);
    await send(chain, at, callData(factory, 'makeAndKill', [salt(3n), address(HEIR)]), { value: 4n });
    expect(chain.balance(HEIR)).toBe(before + 4n);
    expect(keysOf(made)).toEqual([]);
    const again = await send(chain, at, callData(factory, 'make', [salt(3n)]));
    expect(again.status).toBe(1);
    expect(chain.slot(made, 0n)).toBe(7n);
  });

  it('EXE-17, EXE-23: what it leaves to itself is lost', async () => {
    await send(chain, at, callData(factory, 'makeAndKillForItself', [salt(4n)]), { value: ETHER });
    expect(keysOf(addressOf(at, 4n))).toEqual([]);
    let total = chain.balance(HEIR) + chain.balance(addressOf(at, 1n));
    for (const { address: owner } of chain.wallets) total += chain.balance(owner);
    expect(total).toBe(4n * 1000n * ETHER - ETHER);
  });

  it('EXE-21: no new code begins with 0xef (EIP-3541)', async () => {
    // MSTORE8(0, 0xef), RETURN(0, 1)
    const data = Uint8Array.of(0x60, 0xef, 0x60, 0, 0x53, 0x60, 1, 0x60, 0, 0xf3);
    const { receipts } = await chain.block([chain.sign(0, { data, gasLimit: 100_000n })]);
    expect(receipts[0]).toMatchObject({ status: 0, gasUsed: 100_000n });
  });
});

describe('the same bytes (EXE-2)', () => {
  async function plan(): Promise<{ chain: TestChain; blocks: SignedTransaction[][] }> {
    const chain = new TestChain({ parameters: { feeRecipient: FEES, leaderPeriod: 3 } });
    const store = contract('Store');
    const token = contract('Token');
    const factory = contract('Factory');
    const [storeAt, tokenAt, factoryAt] = [0n, 1n, 2n].map((nonce) =>
      createdAddress(chain.wallet(0).address, nonce),
    ) as [AddressHex, AddressHex, AddressHex];
    const call = (index: number, to: AddressHex, data: Uint8Array, value = 0n): SignedTransaction =>
      chain.sign(index, { to, data, value, maxPriorityFeePerGas: 3n });
    const deploy = (data: Uint8Array): SignedTransaction => chain.sign(0, { data, gasLimit: 4_000_000n });
    const blocks = [
      [deploy(deployData(store)), deploy(deployData(token, [10n ** 20n])), deploy(deployData(factory))],
      [
        call(1, storeAt, callData(store, 'set', [5n])),
        call(2, storeAt, callData(store, 'setAndFail', [6n])),
        chain.sign(3, { nonce: 7n, to: HEIR }),
      ],
      [
        call(0, tokenAt, callData(token, 'transfer', [address(HEIR), 5n])),
        call(1, factoryAt, callData(factory, 'make', [toHex(1n, { size: 32 })]), 9n),
      ],
      [
        call(0, storeAt, callData(store, 'fillAndClear', [0n, 9n, 1n])),
        call(1, storeAt, callData(store, 'fillAndClear', [3n, 3n, 0n])),
        call(2, HEIR, new Uint8Array(3), 8n),
      ],
    ];
    return { chain, blocks };
  }

  it('EXE-2: twice on a fresh overlay, and from genesis, with engines that were used for something else between', async () => {
    const { chain, blocks } = await plan();
    for (const transactions of blocks) {
      const proposal = chain.proposalOf(transactions);
      const first = await chain.run(transactions, { proposal });
      const second = await chain.run(transactions, { proposal });
      expect(bytesOf(second)).toEqual(bytesOf(first));
      const made = await chain.block(transactions);
      expect(bytesOf(made)).toEqual(bytesOf(first));
    }
    expect(chain.blocks[1]?.body.leftOut).toHaveLength(1);
    expect(chain.blocks.flatMap(({ receipts }) => receipts.map(({ status }) => status))).toEqual([
      1, 1, 1, 1, 0, 1, 1, 1, 1, 1,
    ]);
    const again = await plan();
    for (const transactions of again.blocks) await again.chain.block(transactions);
    expect(again.chain.hashes).toEqual(chain.hashes);
    expect(new MemoryState(again.chain.state.entries).root()).toBe(chain.state.root());
  });

  it('EXE-2: two blocks executed at the same time do not see each other', async () => {
    const { chain, blocks } = await plan();
    await chain.block(blocks[0] as SignedTransaction[]);
    const proposal = chain.proposalOf(blocks[1] as SignedTransaction[]);
    const results = await Promise.all(
      Array.from({ length: 6 }, () => chain.run(blocks[1] as SignedTransaction[], { proposal })),
    );
    for (const result of results) expect(bytesOf(result)).toEqual(bytesOf(results[0] as never));
  });
});

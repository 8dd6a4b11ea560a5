/** Which transactions are left out of a block, for which reason, and that they leave nothing behind (EXE-11, EXE-5). */
import type { AddressHex, Height } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, ETHER, TestChain, Wallet } from './kit/chain.ts';

const STRANGER = 'ab'.repeat(20) as AddressHex;
const GAS = 21_000n;
const PRICE = 1_000_000_000n;

describe('left out (EXE-11)', () => {
  const limits = { txGasLimit: 2_000_000n, blockGasLimit: 3_000_000n, minimumGasPrice: PRICE };
  const contract = new Wallet(9);
  let chain: TestChain;
  beforeAll(() => {
    const code = Uint8Array.of(0xfe);
    chain = new TestChain({
      parameters: limits,
      accounts: [{ address: contract.address, balance: ETHER, nonce: 0n, code, storage: [] }],
    });
  });
  const priced = { maxFeePerGas: PRICE, maxPriorityFeePerGas: 0n, to: STRANGER, gasLimit: GAS };
  const cases: readonly { name: string; transactions: (chain: TestChain) => SignedTransaction[]; reason: string }[] = [
    {
      name: 'a last height below the block',
      transactions: (at) => [at.sign(0, { ...priced, gasLimit: 50_000n, lastHeight: 0 as Height })],
      reason: 'expired',
    },
    {
      name: 'gas above that of a transaction',
      transactions: (at) => [at.sign(0, { ...priced, gasLimit: 2_000_001n })],
      reason: 'gas limit above maximum',
    },
    {
      name: 'gas above what the block has left',
      transactions: (at) => [
        at.sign(1, { ...priced, to: undefined, data: Uint8Array.of(0xfe), gasLimit: 2_000_000n }),
        at.sign(0, { ...priced, gasLimit: 1_000_001n }),
      ],
      reason: 'block gas limit',
    },
    { name: 'a nonce ahead', transactions: (at) => [at.sign(0, { ...priced, nonce: 1n })], reason: 'nonce too high' },
    {
      name: 'a nonce that was used',
      transactions: (at) => [at.sign(1, priced), at.sign(1, { ...priced, nonce: 0n, value: 1n })],
      reason: 'nonce too low',
    },
    {
      name: 'the same twice',
      transactions: (at) => {
        const transaction = at.sign(2, priced);
        return [transaction, transaction];
      },
      reason: 'nonce too low',
    },
    {
      name: 'a sender with code (EIP-3607)',
      transactions: () => [contract.sign({ ...priced, nonce: 0n })],
      reason: 'sender is a contract',
    },
    {
      name: 'a low price',
      transactions: (at) => [at.sign(0, { ...priced, maxFeePerGas: PRICE - 1n })],
      reason: 'gas price below minimum',
    },
    {
      name: 'too much init code (EIP-3860)',
      transactions: (at) => [
        at.sign(0, { ...priced, to: undefined, data: new Uint8Array(49_153), gasLimit: 2_000_000n }),
      ],
      reason: 'init code too large',
    },
    {
      name: 'too little gas to begin',
      transactions: (at) => [at.sign(0, { ...priced, gasLimit: GAS - 1n })],
      reason: 'intrinsic gas too low',
    },
    {
      name: 'gas between the intrinsic gas and the floor (EIP-7623)',
      transactions: (at) => [
        at.sign(0, { ...priced, data: new Uint8Array(100).fill(1), gasLimit: GAS + 100n * 40n - 1n }),
      ],
      reason: 'intrinsic gas too low',
    },
    {
      name: 'too little money',
      transactions: (at) => [at.sign(0, { ...priced, value: 1000n * ETHER - GAS * PRICE + 1n })],
      reason: 'insufficient funds for gas * price + value',
    },
    {
      name: 'an account that does not exist',
      transactions: () => [new Wallet(77).sign({ ...priced, nonce: 0n })],
      reason: 'insufficient funds for gas * price + value',
    },
  ];

  it.each(cases)('EXE-11: $name', async ({ transactions, reason }) => {
    chain.forgetNonces();
    const list = transactions(chain);
    const { body, receipts, changes } = await chain.run(list);
    const last = list.at(-1) as SignedTransaction;
    expect(body.leftOut).toEqual([{ position: list.length - 1, hash: last.hash, reason }]);
    expect(receipts).toHaveLength(list.length - 1);
    const without = await chain.run(list.slice(0, -1));
    // The record of the term holds what the proposal was.
    const touched = changes.map(({ key }) => key);
    expect(touched).toEqual(without.changes.map(({ key }) => key));
    expect(receipts).toEqual(without.receipts);
  });

  it('EXE-11: the first reason of the list is named', async () => {
    chain.forgetNonces();
    // All of them hold but the block's gas, which a transaction above the maximum hides.
    const everything = { to: undefined, data: new Uint8Array(49_153), maxFeePerGas: 0n, value: 10n ** 30n, nonce: 5n };
    const reasons: string[] = [];
    const steps = [
      { ...everything, gasLimit: 2_000_001n, lastHeight: 0 as Height },
      { ...everything, gasLimit: 2_000_001n },
      { ...everything, gasLimit: GAS },
      { ...everything, gasLimit: GAS, nonce: 0n },
      { ...everything, gasLimit: GAS, nonce: 0n, maxFeePerGas: PRICE },
      { ...everything, gasLimit: GAS, nonce: 0n, maxFeePerGas: PRICE, data: new Uint8Array(49_152) },
      { ...everything, gasLimit: 2_000_000n, nonce: 0n, maxFeePerGas: PRICE, data: new Uint8Array(49_152) },
    ];
    for (const step of steps) reasons.push((await chain.run([chain.sign(0, step)])).body.leftOut[0]?.reason ?? 'none');
    expect(reasons).toEqual([
      'expired',
      'gas limit above maximum',
      'nonce too high',
      'gas price below minimum',
      'init code too large',
      'intrinsic gas too low',
      'insufficient funds for gas * price + value',
    ]);
  });

  it('EXE-11: each limit itself is within', async () => {
    chain.forgetNonces();
    const spend = 1000n * ETHER - GAS * PRICE;
    const list = [
      chain.sign(0, { ...priced, value: spend, gasLimit: GAS }),
      chain.sign(1, { ...priced, to: undefined, data: Uint8Array.of(0xfe), gasLimit: 2_000_000n }),
      chain.sign(2, { ...priced, gasLimit: 1_000_000n - GAS, lastHeight: 1 as Height }),
    ];
    const { body, receipts } = await chain.run(list);
    expect(body.leftOut).toEqual([]);
    expect(receipts.map(({ status }) => status)).toEqual([1, 0, 1]);
  });

  it('EXE-5: a certified block is executed again without the left-out ones, to the last bit', async () => {
    const at = new TestChain({ parameters: limits });
    const list = [
      at.sign(0, priced),
      at.sign(1, { ...priced, nonce: 9n }),
      at.sign(2, { ...priced, value: 5n }),
      at.sign(3, { ...priced, maxFeePerGas: 1n }),
    ];
    const proposal = at.proposalOf(list);
    const first = await at.run(list, { proposal });
    expect(first.body.leftOut.map(({ position }) => position)).toEqual([1, 3]);
    const again = await at.run(first.executed, { proposal, leftOut: first.body.leftOut });
    expect(bytesOf(again)).toEqual(bytesOf(first));
  });
});

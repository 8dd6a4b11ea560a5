/** A transfer without the EVM is what it would have been with it (EXE-13, EXE-41), and decoded state follows its bytes. */
import { PARAMETERS_KEY, readRegistry } from '@hansa/membership';
import type { AddressHex } from '@hansa/primitives';
import { encodeParameters, type SignedTransaction } from '@hansa/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EthereumjsMachine } from '../src/ethereumjs-machine.ts';
import { executeTransaction, executeTransfer, type TransactionOutcome } from '../src/execute-transaction.ts';
import { parametersOf, registryOf, rootOf, termStateOf, validatorsOf } from '../src/membership-cache.ts';
import { StateOverlay } from '../src/state-overlay.ts';
import { ETHER, hex, MemoryState, NOTHING, suite, TestChain, Wallet } from './kit/chain.ts';

const FEES = 'fe'.repeat(20) as AddressHex;
const EMPTY = 'e0'.repeat(20) as AddressHex;
const empty = { balance: 0n, nonce: 0n, code: NOTHING, storage: [] };
const chain = new TestChain({
  walletCount: 2,
  parameters: { feeRecipient: FEES, minimumGasPrice: 3n },
  accounts: [{ address: EMPTY, ...empty }],
});
const wallets = [new Wallet(0), new Wallet(1), new Wallet(2)] as const;
const targets = [wallets[0].address, wallets[1].address, FEES, EMPTY, 'ab'.repeat(20) as AddressHex];

const candidate = fc.record({
  from: fc.nat(2),
  to: fc.nat(targets.length - 1),
  nonce: fc.bigInt({ min: 0n, max: 1n }),
  value: fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 1200n * ETHER })),
  gasLimit: fc.bigInt({ min: 20_000n, max: 40_000n }),
  maxFeePerGas: fc.bigInt({ min: 0n, max: 9n }),
  maxPriorityFeePerGas: fc.bigInt({ min: 0n, max: 4n }),
  data: fc.uint8Array({ maxLength: 30 }),
  coinbase: fc.constantFrom(FEES, wallets[0].address, EMPTY),
});

describe('plain transfers', () => {
  it('EXE-13: with and without the EVM: the same outcome, the same changes', async () => {
    await fc.assert(
      fc.asyncProperty(candidate, async ({ from, to, coinbase, ...drawn }) => {
        const { maxFeePerGas, maxPriorityFeePerGas: tip } = drawn;
        const fields = { ...drawn, maxPriorityFeePerGas: tip < maxFeePerGas ? tip : maxFeePerGas };
        const transaction = (wallets[from] as Wallet).sign({ ...fields, to: targets[to] });
        const rules = { height: 1, txGasLimit: 39_000n, baseFee: 3n, coinbase, gasLeft: 38_000n };
        const results: unknown[] = [];
        for (const way of ['at once', 'awaited', 'traced'] as const) {
          const overlay = new StateOverlay(chain.state);
          const machine = new EthereumjsMachine({ suite, overlay, environment: { ...chain.environment(), coinbase } });
          const outcome: TransactionOutcome | undefined =
            way === 'at once'
              ? executeTransfer(transaction, rules, overlay)
              : await executeTransaction(transaction, rules, {
                  overlay,
                  machine: () => machine,
                  isTraced: way === 'traced',
                });
          results.push({
            outcome,
            changes: overlay.changes().map(({ key, value }) => [key, value === undefined ? '' : hex(value)]),
          });
        }
        expect(results[1]).toEqual(results[0]);
        expect(results[2]).toEqual(results[0]);
      }),
      { numRuns: 200 },
    );
  });

  it('EXE-13: code, precompiles, system contracts and creations are none', async () => {
    const code = 'c0'.repeat(20) as AddressHex;
    const own = new TestChain({ accounts: [{ ...empty, address: code, code: Uint8Array.of(0) }] });
    const rules = { height: 1, txGasLimit: 10n ** 6n, baseFee: 0n, coinbase: FEES, gasLeft: 10n ** 6n };
    const run = (to: AddressHex | undefined): TransactionOutcome | undefined => {
      const transaction: SignedTransaction = own.wallet(0).sign({ nonce: 0n, to });
      return executeTransfer(transaction, rules, new StateOverlay(own.state));
    };
    for (const end of ['01', '0a', '11', '1000', '1003'])
      expect(run(end.padStart(40, '0') as AddressHex)).toBeUndefined();
    expect(run(code)).toBeUndefined();
    expect(run(undefined)).toBeUndefined();
    for (const end of ['00', '12', '1001', '0100'])
      expect(run(end.padStart(40, '0') as AddressHex)).toMatchObject({ status: 1, gasUsed: 21_000n });
  });
});

describe('decoded once', () => {
  it('EXE-2: the same objects for the same bytes, others as soon as a byte differs', async () => {
    const own = new TestChain();
    const registry = registryOf(own.state);
    expect(registry).toEqual(readRegistry(own.state));
    const copy = new MemoryState([...own.state.entries].map(([key, value]) => [key, value.slice()] as const));
    expect(registryOf(copy)).toBe(registry);
    expect(termStateOf(copy)).toBe(termStateOf(own.state));
    expect(parametersOf(copy)).toBe(parametersOf(own.state));
    expect(validatorsOf(registry)).toBe(validatorsOf(registry));
    copy.entries.set(PARAMETERS_KEY, encodeParameters({ ...parametersOf(copy), minimumGasPrice: 77n }));
    expect(parametersOf(copy).minimumGasPrice).toBe(77n);
    expect(parametersOf(own.state).minimumGasPrice).toBe(0n);
    for (const [key, bytes] of own.state.entries) {
      // Weights of nodes: the last four bytes before `since`, no addresses and the reason `genesis`.
      if (!key.startsWith('03') || !key.includes('6e6f64652f')) continue;
      const changed = bytes.slice();
      changed[changed.length - 24] = 9;
      copy.entries.set(key, changed);
      expect(registryOf(copy)).not.toEqual(registry);
      expect(rootOf(registryOf(copy), suite)).not.toBe(rootOf(registry, suite));
      copy.entries.set(key, bytes);
      expect(registryOf(copy)).toEqual(registry);
      expect(rootOf(registryOf(copy), suite)).toBe(rootOf(registry, suite));
    }
  });
});

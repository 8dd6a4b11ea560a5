/** Blocks in which all kinds of transactions follow each other: what one engine holds back reaches the next reader in time. */
import { AUTH_ADDRESS } from '@hansa/membership';
import { type AddressHex, concatBytes, fromHex } from '@hansa/primitives';
import type { SignedTransaction } from '@hansa/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { argumentTypes, createdAddress, encodeCall } from '../src/index.ts';
import { ETHER, TestChain, wordOf } from './kit/chain.ts';

/** Stores the word it is given and sends all that it has to the address in it; then returns the gas that is left. */
const RUNTIME = '5f355f555f5f5f5f475f355af15a5f5260205ff3';
const CREATION = fromHex(`73${RUNTIME}5f526014600cf3`);
const WALLET_COUNT = 3;

const target = fc.oneof(
  fc.record({ kind: fc.constant('wallet' as const), index: fc.nat(WALLET_COUNT - 1) }),
  fc.record({ kind: fc.constant('nobody' as const), index: fc.nat(2) }),
  // Some of them are not there yet, and some never.
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('created' as const), index: fc.nat(3) }) },
);
const step = fc.record({
  from: fc.nat(WALLET_COUNT - 1),
  what: fc.constantFrom('transfer', 'call', 'call', 'call', 'create', 'freeze', 'freeze', 'free', 'system'),
  to: target,
  other: target,
  value: fc.constantFrom(0n, 0n, 1n, ETHER, 2_000n * ETHER),
  gasLimit: fc.constantFrom(21_000n, 60_000n, 100_000n, 400_000n, 400_000n, 400_000n, 400_000n),
  skipsNonce: fc.constantFrom(...Array<bigint>(20).fill(0n), 1n),
  price: fc.constantFrom(1n, ...Array<bigint>(9).fill(3n), 7n),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
const NOBODY = { kind: 'nobody', index: 0 } as const;
const CREATES: Omit<Step, 'from'> = {
  what: 'create',
  to: NOBODY,
  other: NOBODY,
  value: 0n,
  gasLimit: 400_000n,
  skipsNonce: 0n,
  price: 3n,
};
type Target = { readonly kind: 'wallet' | 'nobody' | 'created'; readonly index: number };

it('EXE-3, EXE-13: transfers, calls, creations and system contracts in any order, the same in both engines', async () => {
  const kinds = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.subarray([0, 1, 2]),
      fc.array(step, { minLength: 2, maxLength: 24 }),
      async (creators, drawn) => {
        const steps = [...creators.map((from): Step => ({ ...CREATES, from })), ...drawn];
        const chain = new TestChain({
          walletCount: WALLET_COUNT,
          parameters: { minimumGasPrice: 2n, feeRecipient: 'fe'.repeat(20) as AddressHex },
        });
        const nonces = [0n, 0n, 0n];
        const addressOf = ({ kind, index }: Target): AddressHex => {
          if (kind === 'wallet') return chain.wallet(index).address;
          if (kind === 'nobody') return `${index + 1}`.repeat(40) as AddressHex;
          return createdAddress(chain.wallet(index % WALLET_COUNT).address, BigInt(Math.floor(index / WALLET_COUNT)));
        };
        const transactions = steps.map(
          ({ from: anybody, what, to, other, value, gasLimit, skipsNonce, price }): SignedTransaction => {
            // Only who has created a contract can freeze it.
            const isOwner = (what === 'freeze' || what === 'free') && to.kind === 'created';
            const from = isOwner ? to.index % WALLET_COUNT : anybody;
            const nonce = (nonces[from] as bigint) + skipsNonce;
            // What is left out must not keep out all that follows it.
            const isLeftOut = skipsNonce > 0n || price < 2n || value > 1_000n * ETHER || gasLimit < 60_000n;
            if (!isLeftOut || (isOwner && price >= 2n && skipsNonce === 0n)) nonces[from] = nonce + 1n;
            const fields = { nonce, gasLimit, value, maxFeePerGas: price, maxPriorityFeePerGas: price };
            const word = fromHex(wordOf(BigInt(`0x${addressOf(other)}`)));
            const isFrozen = 'setContractStatus(address,bool)';
            switch (what) {
              case 'transfer':
                return chain.wallet(from).sign({ ...fields, to: addressOf(to) });
              case 'call':
                return chain.wallet(from).sign({ ...fields, to: addressOf(to), data: word });
              case 'create':
                return chain.wallet(from).sign({ ...fields, gasLimit: 400_000n, data: concatBytes(CREATION, word) });
              case 'system':
                return chain.wallet(from).sign({ ...fields, to: AUTH_ADDRESS, data: word });
              default: {
                const data = encodeCall(isFrozen, argumentTypes(isFrozen), [addressOf(to), what === 'freeze']);
                return chain.wallet(from).sign({ ...fields, value: 0n, gasLimit: 400_000n, to: AUTH_ADDRESS, data });
              }
            }
          },
        );
        // It runs in both engines, and stops at the first difference.
        const { receipts, body } = await chain.block(transactions);
        expect(receipts.length + body.leftOut.length).toBe(transactions.length);
        for (const { status, output } of receipts) {
          kinds.add(`status ${status}`);
          if (String.fromCharCode(...output).includes('Contract is frozen.')) kinds.add('frozen');
        }
        for (const { reason } of body.leftOut) kinds.add(reason);
      },
    ),
    { numRuns: 200, seed: 11 },
  );
  expect([...kinds].sort()).toEqual([
    'frozen',
    'gas price below minimum',
    'insufficient funds for gas * price + value',
    'intrinsic gas too low',
    'nonce too high',
    'nonce too low',
    'status 0',
    'status 1',
  ]);
});

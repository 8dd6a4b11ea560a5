/** What the engine promises its host: depth without the host's stack, journal, growth, natives, faults. */
import { type AddressHex, bytesToBigint, bytesToHex, fromHex } from '@hansa/primitives';
import { describe, expect, it } from 'vitest';
import { EvmFault, type NativeCall, type NativeContract } from '../src/index.ts';
import {
  addressOf,
  createEvm,
  ENVIRONMENT,
  messageOf,
  NO_CODE,
  push32,
  RETURN_WORD,
  runCode,
  SENDER,
  TARGET,
  transactionOf,
  World,
  wordHex,
} from './kit/world.ts';

const NATIVE = addressOf(0x1000);
/** Calls the native contract with opcode CALL (0xf1) and its value, all gas, no data; then returns the outcome. */
const callNative = (value: number): string => `5f5f5f5f60${value.toString(16).padStart(2, '0')}6110005af1`;

describe('frames', () => {
  it('go 1,024 deep and no further, without the stack of the host', () => {
    // Adds one to slot 0 and calls itself.
    const world = new World();
    world.deploy(TARGET, fromHex('5f546001015f555f5f5f5f5f305af100'));
    const evm = createEvm(world);
    evm.run(messageOf({ gasLimit: 10n ** 13n }));
    expect(evm.status).toBe('ok');
    const values: bigint[] = [];
    evm.takeChanges({
      account: () => undefined,
      storage: (_, __, value) => values.push(bytesToBigint(value ?? new Uint8Array(32))),
    });
    // 63 of 64 parts of the gas go down: there is enough for all of them.
    expect(values).toEqual([1_025n]);
  });

  it('keep the memory of the caller while the called one uses its own', () => {
    const callee = addressOf(0xbeef);
    const world = new World();
    world.deploy(callee, fromHex(`${push32(2n ** 256n - 1n)}5f52${push32(1n)}61100052`));
    const code = `${push32(7n)}5f525f5f5f5f5f61beef5af150${'5f51'}${RETURN_WORD}`;
    expect(bytesToBigint(runCode(code, {}, world).output)).toBe(7n);
  });
});

it('a call with no data takes it from anywhere', () => {
  // DELEGATECALL with an input of no bytes at 2^255 and an output of none there.
  const far = push32(2n ** 255n + 2n ** 31n);
  const world = new World();
  world.deploy(addressOf(0xbeef), fromHex('5f5ffd'));
  for (const opcode of ['f4', 'fa'])
    for (const target of ['61beef', '6004', '6009', '6002', '61dead'])
      expect(runCode(`5f${far}5f${far}${target}5a${opcode}60015f5260205ff3`, {}, world).status).toBe('ok');
});

describe('journal', () => {
  it('takes back storage, balances, logs, transient storage and what natives wrote when a frame reverts', () => {
    const callee = addressOf(0xbeef);
    const world = new World();
    const native: NativeContract = {
      address: NATIVE,
      run: () => {
        world.notes.push('written');
        return {
          type: 'ok',
          gasUsed: 100n,
          output: new Uint8Array(0),
          logs: [{ address: NATIVE, topics: [wordHex(1n)], data: fromHex('01') }],
        };
      },
    };
    // SSTORE(0, 1), TSTORE(0, 1), LOG0, native, revert
    world.deploy(callee, fromHex(`60015f5560015f5d5f5fa0${callNative(0)}5f5ffd`));
    world.deploy(TARGET, fromHex(`5f5f5f5f600561beef5af1${RETURN_WORD}`), 10n);
    const evm = createEvm(world, { natives: [native] });
    evm.run(messageOf());
    expect(evm.result()).toMatchObject({ status: 'ok', logs: [], gasRefund: 0n });
    expect(bytesToBigint(evm.result().output)).toBe(0n);
    expect(world.notes).toEqual([]);
    const changed: string[] = [];
    evm.takeChanges({ account: (address) => changed.push(address), storage: (_, slot) => changed.push(slot) });
    expect(changed).not.toContain(wordHex(0n));
    expect(evm.account(TARGET)?.balance).toBe(10n);
  });

  it('lists a slot once however often it was written, and not what was put back before the transaction ended', () => {
    const world = new World();
    world.deploy(TARGET, fromHex('60015f5560025f5560036001555f600155'));
    const evm = createEvm(world);
    evm.run(messageOf());
    const slots: [string, string | undefined][] = [];
    evm.takeChanges({
      account: () => undefined,
      storage: (_, slot, value) => slots.push([slot, value && bytesToHex(value)]),
    });
    expect(slots).toEqual([
      [wordHex(0n), wordHex(2n)],
      [wordHex(1n), undefined],
    ]);
    evm.takeChanges({
      account: () => expect.unreachable('taken already'),
      storage: () => expect.unreachable('taken already'),
    });
  });
});

describe('native contracts', () => {
  it('see caller, value, static flag, delegation and depth', () => {
    const calls: Omit<NativeCall, 'data' | 'gas' | 'create'>[] = [];
    const native: NativeContract = {
      address: NATIVE,
      run: ({ data: _, gas: __, create: ___, ...rest }) => {
        calls.push(rest);
        return { type: 'ok', gasUsed: 0n, output: fromHex('2a') };
      },
    };
    const world = new World();
    // CALL with value 3, STATICCALL, DELEGATECALL
    const code = `${callNative(3)}505f5f5f5f6110005afa505f5f5f5f6110005af400`;
    world.deploy(TARGET, fromHex(code), 100n);
    const evm = createEvm(world, { natives: [native] });
    evm.run(messageOf());
    const common = { address: NATIVE, caller: TARGET, depth: 2 };
    expect(calls).toEqual([
      { ...common, value: 3n, isStatic: false, isDelegated: false },
      { ...common, value: 0n, isStatic: true, isDelegated: false },
      { ...common, caller: SENDER, value: 0n, isStatic: false, isDelegated: true },
    ]);
    evm.run(messageOf({ to: NATIVE }));
    expect(calls.at(-1)).toMatchObject({ caller: SENDER, depth: 1 });
    expect(bytesToHex(evm.result().output)).toBe('2a');
  });

  it('pay with the gas of the call, and no more', () => {
    const native: NativeContract = {
      address: NATIVE,
      run: () => ({ type: 'ok', gasUsed: 500n, output: new Uint8Array(0) }),
    };
    const evm = createEvm(new World(), { natives: [native] });
    evm.run(messageOf({ to: NATIVE, gasLimit: 500n }));
    expect([evm.status, evm.gasUsed]).toEqual(['ok', 500n]);
    evm.run(messageOf({ to: NATIVE, gasLimit: 499n }));
    expect([evm.status, evm.gasUsed]).toEqual(['out of gas', 499n]);
  });

  it('lie below 0x20000, where the engine looks without gas', () => {
    const native = (address: AddressHex): NativeContract => ({ address, run: () => ({ type: 'out of gas' }) });
    createEvm(new World(), { natives: [native(addressOf(0x1ffff))] });
    expect(() => createEvm(new World(), { natives: [native(addressOf(0x20000))] })).toThrow(/below 0x20000/);
  });

  describe('that create a contract', () => {
    const MADE = addressOf(0xbeef);
    /** The value of EXTCODESIZE, and of a call that returns a word, of the contract that is made. */
    const SIZE = '61beef3b';
    const ASK = '60205f5f5f5f61beef5af1505f51';
    const creating = (world: World, made: boolean[] = []): ReturnType<typeof createEvm> =>
      createEvm(world, {
        natives: [
          {
            address: NATIVE,
            run: ({ create }) => {
              const isMade = create(MADE, fromHex('602a5f5260205ff3'));
              made.push(isMade);
              return { type: 'ok', gasUsed: 0n, output: fromHex(wordHex(isMade ? 1n : 0n)) };
            },
          },
        ],
      });
    const wordsOf = (bytes: Uint8Array): bigint[] =>
      Array.from({ length: bytes.length / 32 }, (_, i) => bytesToBigint(bytes.subarray(32 * i, 32 * i + 32)));

    it('make one that can be called at once, though it was looked at before, and keep the balance that was there', () => {
      const world = new World();
      // Size before; 5 wei to it; created; size; what it answers.
      const pay = '5f5f5f5f600561beef5af150';
      world.deploy(TARGET, fromHex(`${SIZE}606052${pay}${callNative(0)}50${SIZE}602052${ASK}60405260805ff3`), 9n);
      const evm = creating(world);
      evm.run(messageOf());
      expect(wordsOf(evm.result().output).slice(1)).toEqual([8n, 42n, 0n]);
      expect(evm.account(MADE)).toMatchObject({ nonce: 1n, balance: 5n });
      const changed = new Map<string, bigint | undefined>();
      evm.takeChanges({ account: (at, account) => changed.set(at, account?.nonce), storage: () => undefined });
      expect(changed.get(MADE)).toBe(1n);
    });

    it('make none where there is one, or an account that has sent something', () => {
      const world = new World();
      world.accounts.set(MADE, { nonce: 1n, balance: 0n, codeHash: NO_CODE });
      const made: boolean[] = [];
      const evm = creating(world, made);
      evm.run(messageOf({ to: NATIVE }));
      expect(bytesToBigint(evm.result().output)).toBe(0n);
      world.accounts.delete(MADE);
      evm.refreshAccount(MADE);
      evm.run(messageOf({ to: NATIVE }));
      evm.run(messageOf({ to: NATIVE }));
      expect(made).toEqual([false, true, false]);
    });

    it('have it taken back with the frame', () => {
      const world = new World();
      const callee = addressOf(0xcafe);
      world.deploy(callee, fromHex(`${callNative(0)}5f5ffd`));
      world.deploy(TARGET, fromHex(`5f5f5f5f5f61cafe5af150${SIZE}${RETURN_WORD}`));
      const evm = creating(world);
      evm.run(messageOf());
      expect(bytesToBigint(evm.result().output)).toBe(0n);
      expect(evm.account(MADE)).toBeUndefined();
      expect(world.notes).toEqual([]);
    });
  });
});

describe('table of state', () => {
  it('asks once for what it needs, and again after forget', () => {
    const world = new World();
    world.deploy(TARGET, fromHex('5f54600154505000'));
    const evm = createEvm(world);
    evm.run(messageOf());
    const first = world.asked;
    evm.run(messageOf());
    expect(world.asked).toBe(first);
    evm.forget();
    evm.run(messageOf());
    expect(world.asked).toBe(2 * first);
  });

  it('reads again what the host says it has changed', () => {
    const world = new World();
    world.deploy(TARGET, fromHex(`5f54${RETURN_WORD}`));
    const evm = createEvm(world);
    evm.run(messageOf());
    world.slots.set(TARGET + wordHex(0n), fromHex(wordHex(9n)));
    world.accounts.set(SENDER, { nonce: 0n, balance: 5n, codeHash: NO_CODE });
    evm.refreshSlot(TARGET, wordHex(0n));
    evm.refreshAccount(SENDER);
    evm.run(messageOf());
    expect(bytesToBigint(evm.result().output)).toBe(9n);
    expect(evm.account(SENDER)?.balance).toBe(5n);
  });

  it('grows between transactions, and finds everything afterwards, whatever the seed', () => {
    const count = 3_000;
    const sums = [1, 2].map((seed) => {
      const world = new World();
      const evm = createEvm(world, { seed: new Uint8Array(16).fill(seed) });
      // Stores the word of the call data at the slot that it names, and adds what is there.
      world.deploy(TARGET, fromHex('6020355f355401805f35555f5260205ff3'));
      for (let round = 1; round <= 2; round++) {
        for (let i = 0; i < count; i++) {
          evm.run(messageOf({ data: fromHex(wordHex(BigInt(i) << 64n) + wordHex(BigInt(i + 1))), gasLimit: 60_000n }));
          expect(bytesToBigint(evm.result().output)).toBe(BigInt(round * (i + 1)));
        }
      }
      expect(evm.size.slots).toBe(count);
      let sum = 0n;
      evm.takeChanges({
        account: () => undefined,
        storage: (_, __, value) => (sum += bytesToBigint(value as Uint8Array)),
      });
      return sum;
    });
    expect(sums[0]).toBe(sums[1]);
    expect(sums[0]).toBe(BigInt(count * (count + 1)));
  });

  it('runs with more codes than it has room for', () => {
    const world = new World();
    const evm = createEvm(world, { codeBytesMax: 100_000 });
    const big = (i: number): string => `60${i.toString(16).padStart(2, '0')}5f5260205ff3${'00'.repeat(24_000)}`;
    for (let i = 0; i < 8; i++) world.deploy(addressOf(0xa000 + i), fromHex(big(i)));
    // One transaction that calls all of them, twice; the sum of what they return.
    const calls = Array.from({ length: 16 }, (_, i) => `60205f5f5f5f61a00${i % 8}5af1505f5101`).join('');
    world.deploy(TARGET, fromHex(`5f${calls}${RETURN_WORD}`));
    for (let round = 0; round < 3; round++) {
      evm.run(messageOf({ gasLimit: 5_000_000n }));
      expect(bytesToBigint(evm.result().output)).toBe(56n);
    }
  });
});

describe('transactions', () => {
  const rich = (): World => {
    const world = new World();
    world.accounts.set(SENDER, { nonce: 0n, balance: 10n ** 18n, codeHash: NO_CODE });
    return world;
  };

  it('name why they cannot be executed, first things first, and change nothing', () => {
    const world = rich();
    world.accounts.set(SENDER, { nonce: 5n, balance: 30_000n, codeHash: NO_CODE });
    const evm = createEvm(world);
    const refused = (change: Parameters<typeof transactionOf>[0]): string | undefined =>
      evm.transact(transactionOf({ nonce: 5n, gasLimit: 21_000n, ...change }));
    expect(refused({ nonce: 4n, gasLimit: 1n })).toBe('nonce too low');
    expect(refused({ nonce: 6n, gasLimit: 1n })).toBe('nonce too high');
    expect(refused({ to: undefined, data: new Uint8Array(49_153), gasLimit: 1n })).toBe('init code too large');
    expect(refused({ gasLimit: 20_999n, value: 10n ** 18n })).toBe('intrinsic gas too low');
    // 21,000 + 16 is enough for one byte, the floor of EIP-7623 is 21,040.
    expect(refused({ data: fromHex('01'), gasLimit: 21_039n })).toBe('intrinsic gas too low');
    expect(refused({ value: 30_001n })).toBe('insufficient funds');
    expect(refused({ feeCap: 2n, gasPrice: 1n })).toBe('insufficient funds');
    evm.takeChanges({
      account: () => expect.unreachable('nothing was changed'),
      storage: () => expect.unreachable('nothing was changed'),
    });
    expect(refused({ value: 30_000n })).toBeUndefined();
    expect(evm.gasUsed).toBe(21_000n);
  });

  it('move value and fee: all of it to the fee recipient', () => {
    const world = rich();
    const evm = createEvm(world);
    expect(evm.transact(transactionOf({ value: 7n, gasPrice: 2n, feeCap: 3n, gasLimit: 50_000n }))).toBeUndefined();
    expect(evm.account(TARGET)?.balance).toBe(7n);
    expect(evm.account('dd'.repeat(20) as AddressHex)?.balance).toBe(42_000n);
    expect(evm.account(SENDER)).toEqual({ nonce: 1n, balance: 10n ** 18n - 42_007n, codeHash: NO_CODE });
  });

  it('give a bloom that has address and topics of each log', () => {
    const world = rich();
    world.deploy(TARGET, fromHex(`${push32(0x1234n)}5f5fa100`));
    const evm = createEvm(world);
    evm.transact(transactionOf());
    const bits = [...evm.bloom()].reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    expect(bits).toBeGreaterThan(3);
    expect(bits).toBeLessThanOrEqual(6);
    evm.transact(transactionOf({ nonce: 1n, to: addressOf(0x5555) }));
    expect(evm.bloom().every((byte) => byte === 0)).toBe(true);
  });
});

it('an engine whose host has thrown passes that on and is not used again', () => {
  const world = new World();
  world.accounts.set(TARGET, { nonce: 1n, balance: 0n, codeHash: wordHex(0xbadn) });
  const evm = createEvm(world);
  expect(() => evm.run(messageOf())).toThrowError('is not in state');
  expect(() => evm.run(messageOf({ to: SENDER }))).toThrowError('not used again');
});

it('memory that the machine does not give is a fault of the node, not of the transaction', () => {
  // 4 GiB of memory in one frame: what so much gas buys.
  const evm = createEvm(new World());
  const world = new World();
  world.deploy(TARGET, fromHex('5f63ffffff005200'));
  evm.bind(world, ENVIRONMENT);
  expect(() => evm.run(messageOf({ gasLimit: 2n ** 50n }))).toThrowError(EvmFault);
});

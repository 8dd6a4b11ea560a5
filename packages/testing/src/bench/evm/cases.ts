import { fromHex } from '@hansa/primitives';
import { compile } from '../../solidity.ts';
import { BENCH_SOURCE, largeContract } from './contracts.ts';
import { addressOf, type Call, callData, SENDER, selectorOf, type World } from './world.ts';

export type Case = {
  readonly name: string;
  /** Messages of one batch for each engine; EthereumJS gets fewer, since it takes its time. */
  readonly count: { readonly wasm: number; readonly ethereumjs: number };
  /** A bound of the ratio to EthereumJS, below which the run fails with `--check`. */
  readonly ratioMin: number;
  /** Of the own engine: a message alone, or all of a transaction. */
  readonly kind?: 'transaction';
  /** At most, in microseconds of the own engine. */
  readonly microsMax?: number;
  /** Batches are numbered from 0, so that one can be the first to call something. */
  readonly call: (index: number, batch: number) => Call;
};

const HOLDER_COUNT = 1_000;
const MILLION = 1_000_000;
const LARGE_COUNT = 20;
/** Batches that call a large contract nobody has called before. */
const LARGE_BATCHES = 64;
const SUPPLY = 10n ** 30n;

const bytecodeOf = (name: string): string => compile(BENCH_SOURCE, name).bytecode.slice(2);

/** Deploys what the cases call. `accountCount` is a million but in a quick run. */
export async function createCases(world: World, accountCount: number = MILLION): Promise<readonly Case[]> {
  const tokenCode = fromHex(bytecodeOf('Token') + SUPPLY.toString(16).padStart(64, '0'));
  const deploy = async (data: Uint8Array): Promise<Call['to']> => world.apply({ from: SENDER, to: undefined, data });
  const token = await deploy(tokenCode);
  const other = await deploy(tokenCode);
  const wide = await deploy(tokenCode);
  const store = await deploy(fromHex(bytecodeOf('Store')));
  const loops = await deploy(fromHex(bytecodeOf('Loops')));
  const deeds = await deploy(fromHex(bytecodeOf('Deeds')));
  if (token === undefined || other === undefined || wide === undefined) throw new Error('the tokens were not created');
  const pool = await deploy(fromHex(bytecodeOf('Pool') + token.padStart(64, '0') + other.padStart(64, '0')));
  if (pool === undefined) throw new Error('the pool was not created');
  const approve = callData(selectorOf('approve(address,uint256)'), pool, SUPPLY);
  for (const each of [token, other]) {
    await world.apply({ from: SENDER, to: each, data: approve });
    await world.apply({ from: SENDER, to: each, data: callData(TRANSFER, pool, 10n ** 24n) });
  }
  await world.apply({ from: SENDER, to: pool, data: callData(selectorOf('sync()')) });
  for (let i = 0; i < HOLDER_COUNT; i++) {
    world.putAccount(addressOf(i), 10n ** 18n);
    world.putBalance(token, addressOf(i), 10n ** 24n);
  }
  for (let i = 0; i < accountCount; i++) {
    if (i >= HOLDER_COUNT) world.putAccount(addressOf(i), 10n ** 18n);
    world.putBalance(wide, addressOf(i), 10n ** 24n);
  }
  for (let i = 0; i < LARGE_COUNT * LARGE_BATCHES; i++) world.putCode(addressOf(0x5000_0000 + i), largeContract(i));
  const holder = (index: number): Call['from'] => addressOf(index % HOLDER_COUNT);
  // Scattered, and the same in every run.
  const anybody = (index: number): Call['from'] =>
    addressOf(Number((BigInt(index) * 2_654_435_761n) % BigInt(accountCount)));
  const loop = (name: string, count: number): Call => ({
    from: SENDER,
    to: loops,
    data: callData(selectorOf(`${name}(uint256)`), count),
  });
  return [
    {
      name: 'ERC-20 transfer',
      count: { wasm: 4_000, ethereumjs: 150 },
      ratioMin: 50,
      call: (i) => ({ from: holder(i), to: token, data: callData(TRANSFER, holder(i * 7 + 1), 1n) }),
    },
    {
      name: `ERC-20 transfer, ${accountCount} accounts`,
      count: { wasm: 4_000, ethereumjs: 150 },
      ratioMin: 1,
      call: (i) => ({ from: anybody(i), to: wide, data: callData(TRANSFER, anybody(i * 7 + 1), 1n) }),
    },
    {
      name: 'ERC-20 transfer as a transaction with bloom',
      kind: 'transaction',
      count: { wasm: 4_000, ethereumjs: 150 },
      ratioMin: 20,
      call: (i) => ({ from: holder(i), to: token, data: callData(TRANSFER, holder(i * 7 + 1), 1n) }),
    },
    {
      name: 'simple set',
      count: { wasm: 10_000, ethereumjs: 200 },
      ratioMin: 20,
      call: (i) => ({ from: holder(i), to: store, data: callData(selectorOf('set(uint256)'), i + 1) }),
    },
    {
      name: '1,000 checked additions',
      count: { wasm: 50, ethereumjs: 3 },
      ratioMin: 20,
      call: () => loop('add', 1_000),
    },
    {
      name: 'keccak loop, 1,000',
      count: { wasm: 50, ethereumjs: 3 },
      ratioMin: 20,
      call: () => loop('digest', 1_000),
    },
    {
      name: 'storage sweep, 500 slots',
      count: { wasm: 50, ethereumjs: 3 },
      ratioMin: 20,
      call: (i) => ({ from: SENDER, to: loops, data: callData(selectorOf('sweep(uint256,uint256)'), 500, i + 1) }),
    },
    {
      name: 'ERC-721 mint',
      count: { wasm: 2_000, ethereumjs: 100 },
      ratioMin: 20,
      call: (i) => ({ from: holder(i), to: deeds, data: callData(selectorOf('mint(address)'), holder(i)) }),
    },
    {
      name: 'swap in a pool',
      count: { wasm: 1_000, ethereumjs: 50 },
      ratioMin: 20,
      call: (i) => ({
        from: SENDER,
        to: pool,
        data: callData(selectorOf('swap(uint256,bool,address)'), 10n ** 15n, i % 2, SENDER),
      }),
    },
    {
      // A creation at an address that is there fails: the sender of each is another one.
      name: 'deployment of an ERC-20',
      count: { wasm: 500, ethereumjs: 50 },
      ratioMin: 20,
      call: (i) => ({ from: holder(i), to: undefined, data: tokenCode }),
    },
    {
      name: 'first call of an unknown contract of 24 KB',
      count: { wasm: LARGE_COUNT, ethereumjs: LARGE_COUNT },
      ratioMin: 1,
      microsMax: 3_000,
      call: (i, batch) => ({
        from: SENDER,
        to: addressOf(0x5000_0000 + (batch % LARGE_BATCHES) * LARGE_COUNT + i),
        data: new Uint8Array(0),
      }),
    },
  ];
}

const TRANSFER = 'a9059cbb';

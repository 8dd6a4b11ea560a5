/** Real contracts in both engines: blocks of calls by several callers leave the same state, logs, outputs and gas. */
import { EngineDifferenceError } from '@hansa/executor';
import { AUTH_ADDRESS } from '@hansa/membership';
import type { AddressHex, HashHex } from '@hansa/primitives';
import type { Prng } from '../../simulator/prng.ts';
import { type Drawn, encodeArguments } from '../contracts/arguments.ts';
import {
  CALLER_COUNT,
  type ContractWorld,
  callerAddress,
  contractWorld,
  type DeployedContract,
  nextBlock,
  type Sent,
} from '../contracts/world.ts';
import { createTarget, type FuzzTarget } from '../target.ts';

/** u8 contract, function, caller, class of gas and value, then a byte an argument. */
const CALL_SIZE = 8;
const CALL_COUNT_MAX = 12;
/** Calls of the first block; the others are in the next one, on what the first has left behind. */
const FIRST_COUNT = 7;
/** The first is below the cost of any transaction. */
const GAS: readonly bigint[] = [20_000n, 60_000n, 75_000n, 100_000n, 150_000n, 300_000n, 1_000_000n, 12_000_000n];
const VALUES: readonly bigint[] = [0n, 0n, 0n, 0n, 0n, 1n, 2n, 10n ** 15n];
const NOTHING: Uint8Array = new Uint8Array(0);
/** Digests, roles, salts. */
const WORDS: readonly HashHex[] = [
  ...['01', '00', '02', 'ff'].map((byte) => byte.repeat(32)),
  // Minter and pauser.
  '9f2df0fed2c77648de5860a4cc508cd0818c85b8b8a1ab4ceeef8d981c8956a6',
  '65d7a28e3265b37a6474929f336521b332c1681b933f6cb9f3376673440d862a',
  `${'00'.repeat(31)}01`,
] as HashHex[];

export function evmContractTargets(): FuzzTarget[] {
  return [
    createTarget<{ readonly difference: string | undefined }>({
      name: 'evm-contracts',
      about: 'calls of contracts of OpenZeppelin, a pair and evidence on the own EVM and on EthereumJS',
      // The first one compiles the contracts, and EthereumJS takes its time.
      budget: { timeMs: 20_000, memoryBase: 1_024 * 1024 * 1024 },
      keepsInput: true,
      generate: generateCalls,
      decode: async (input) => {
        const world = await contractWorld();
        return { difference: await differenceOn(world, callsOf(world, input)) };
      },
      check: ({ difference }) => difference,
    }),
  ];
}

/** Mostly of few contracts and by few callers, with small numbers: so that what one call leaves behind meets the next. */
function generateCalls(prng: Prng): Uint8Array {
  const input = new Uint8Array(CALL_SIZE * prng.between(2, CALL_COUNT_MAX));
  const contracts = [prng.below(256), prng.below(256)];
  const callers = [prng.chance(0.6) ? 0 : prng.below(CALLER_COUNT), prng.below(CALLER_COUNT)];
  for (let at = 0; at < input.length; at += CALL_SIZE) {
    const classes = prng.chance(0.8) ? prng.between(6, 7) : prng.below(256);
    const drawn = Array.from({ length: CALL_SIZE - 4 }, () => prng.below(prng.pick([4, 4, 4, 20, 256])));
    const contract = prng.chance(0.9) ? prng.pick(contracts) : prng.below(256);
    input.set([contract, prng.below(256), prng.pick(callers), classes, ...drawn], at);
  }
  return input;
}

async function differenceOn(world: ContractWorld, calls: readonly Sent[]): Promise<string | undefined> {
  try {
    const { head } = await nextBlock(world.head, calls.slice(0, FIRST_COUNT));
    if (calls.length > FIRST_COUNT) await nextBlock(head, calls.slice(FIRST_COUNT));
    return undefined;
  } catch (error) {
    if (error instanceof EngineDifferenceError) return error.message;
    throw error;
  }
}

/** Calls of an input; what does not fill one is left. */
export function callsOf(world: ContractWorld, input: Uint8Array): readonly Sent[] {
  const addresses: readonly AddressHex[] = [
    ...Array.from({ length: CALLER_COUNT }, (_, index) => callerAddress(index)),
    ...world.contracts.map(({ address }) => address),
    ...['0', '1', '2', '4', 'dead'].map((end) => end.padStart(40, '0') as AddressHex),
    AUTH_ADDRESS,
  ];
  const count = Math.min(CALL_COUNT_MAX, Math.floor(input.length / CALL_SIZE));
  return Array.from({ length: count }, (_, index) => {
    const [target = 0, chosen = 0, caller = 0, classes = 0, ...bytes] = input.subarray(
      CALL_SIZE * index,
      CALL_SIZE * (index + 1),
    );
    const from = caller % CALLER_COUNT;
    const gasLimit = GAS[classes & 7] as bigint;
    const value = VALUES[(classes >> 3) & 7] as bigint;
    const fields = { from, gasLimit, value, accessList: [] };
    const contract = world.contracts[target % (world.contracts.length + 1)];
    if (contract === undefined) {
      const data = world.creations[chosen % world.creations.length] as Uint8Array;
      return { ...fields, to: undefined, data, gasLimit: 12_000_000n };
    }
    const accessList = classes >> 6 === 3 ? [{ address: contract.address, storageKeys: [WORDS[0] as HashHex] }] : [];
    return {
      ...fields,
      to: contract.address,
      data: callData(world, contract, { chosen, bytes, addresses }),
      accessList,
    };
  });
}

type Choice = {
  readonly chosen: number;
  readonly bytes: readonly number[];
  readonly addresses: readonly AddressHex[];
};

function callData(world: ContractWorld, contract: DeployedContract, { chosen, bytes, addresses }: Choice): Uint8Array {
  // Now and then nothing: money that is sent.
  const called = contract.functions[chosen % (contract.functions.length + 1)];
  if (called === undefined) return NOTHING;
  const drawn: Drawn = {
    addresses,
    words: WORDS,
    // Who passes a call on most often means the contract that it names.
    innerCall: (byte) => {
      const named = (bytes[called.types.indexOf('address')] ?? 0) % addresses.length;
      const inner = world.contracts[
        (named + world.contracts.length - CALLER_COUNT) % world.contracts.length
      ] as DeployedContract;
      const function_ = inner.functions[byte % inner.functions.length];
      if (function_ === undefined) return NOTHING;
      return encodeArguments(function_, [...bytes.slice(2), byte], { ...drawn, innerCall: () => NOTHING });
    },
  };
  return encodeArguments(called, bytes, drawn);
}

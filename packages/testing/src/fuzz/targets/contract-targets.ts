/** Call data of the system contracts, run on a real state by the real functions. */
import { standardSuite } from '@hansa/crypto';
import {
  type AbiType,
  type AbiValue,
  argumentTypes,
  buildGenesisBlock,
  decodeAbi,
  encodeAbi,
  encodeCall,
  KV_TABLES_ADDRESS,
  rowKey,
  SYSTEM_CONTRACTS,
  tableAddress,
} from '@hansa/executor';
import {
  contractKey,
  encodeContractPolicy,
  methodKey,
  NO_POLICY,
  readParameters,
  readRegistry,
  registryRecords,
} from '@hansa/membership';
import { type AddressHex, bytesToHex, concatBytes, equalBytes, fromHex, ZERO_HASH } from '@hansa/primitives';
import { parametersFault, type StateChange, type StateKey } from '@hansa/protocol';
import { Prng } from '../../simulator/prng.ts';
import { createTarget, type FuzzTarget } from '../target.ts';
import * as values from '../values.ts';
import { genesis } from './text-targets.ts';

const TYPES: readonly AbiType[] = [
  'uint256',
  'int256',
  'address',
  'bool',
  'bytes32',
  'string',
  'string[]',
  'uint8',
  'uint32',
  'bytes4',
  'bytes',
  'bytes[]',
  'address[]',
  '(string,uint8)[]',
];
/** Reads write nothing but their gas; a change reads and writes the whole registry. */
const FUNCTIONS = SYSTEM_CONTRACTS.flatMap((contract) => contract.functions);

export function contractTargets(): FuzzTarget[] {
  return [abiTarget(), systemContractTarget()];
}

/** First byte n, then n bytes that choose a type each, then data. */
function abiTarget(): FuzzTarget {
  const typesOf = (input: Uint8Array): AbiType[] =>
    [...input.subarray(1, 1 + ((input[0] ?? 0) & 7))].map((byte) => TYPES[byte % TYPES.length] as AbiType);
  return createTarget({
    name: 'abi',
    about: 'call data by the contract ABI',
    generate: (prng) => {
      const types = values.list(prng, 4, (chance) => chance.pick(TYPES));
      const data = encodeAbi(
        types,
        types.map((type) => abiValue(prng, type)),
      );
      return concatBytes(Uint8Array.of(types.length, ...types.map((type) => TYPES.indexOf(type))), data);
    },
    decode: (input) => {
      const types = typesOf(input);
      const decoded = decodeAbi(types, input.subarray(1 + types.length));
      return decoded === undefined ? undefined : { types, decoded };
    },
    check: ({ types, decoded }) => {
      const first = encodeAbi(types, decoded);
      const again = decodeAbi(types, first);
      if (again === undefined) return 'accepted, but its own encoding is refused';
      return equalBytes(encodeAbi(types, again), first) ? undefined : 'encoding and decoding changes the values';
    },
  });
}

function abiValue(prng: Prng, type: AbiType): AbiValue {
  const text = (): string =>
    prng.pick(['', 'tx_count_limit', '中国银行', 'x'.repeat(33), values.NODE_IDS[0] as string]);
  const bytes = (): Uint8Array => fromHex(prng.hex(prng.below(70)));
  switch (type) {
    case 'string':
      return text();
    case 'string[]':
      return values.list(prng, 3, text);
    case 'bytes[]':
      return values.list(prng, 3, bytes);
    case 'address[]':
      return values.list(prng, 3, values.address);
    case '(string,uint8)[]':
      return values.list(prng, 3, (): AbiValue => [text(), BigInt(prng.below(256))]);
    case 'bytes':
      return bytes();
    case 'bytes4':
      return prng.hex(4);
    case 'uint8':
      return BigInt(prng.below(256));
    case 'uint32':
      return BigInt(values.u32(prng));
    case 'bool':
      return prng.chance(0.5);
    case 'address':
      return values.address(prng);
    case 'bytes32':
      return values.hash(prng);
    default:
      return values.word(prng, type === 'int256' ? 31 : 32);
  }
}

/** First byte: function; second: who calls, an admin of a member, a stranger or a table. Then arguments without selector. */
function systemContractTarget(): FuzzTarget {
  const world = genesis(new Prng(5));
  const block = buildGenesisBlock(world, standardSuite, () => ZERO_HASH);
  const records = new Map<StateKey, Uint8Array>();
  for (const { key, value } of block.changes) if (value !== undefined) records.set(key, value);
  const admin = world.organisations[0]?.admins[0] as AddressHex;
  const table = tableAddress('fuzz');
  const callers = [admin, '9'.repeat(40) as AddressHex, table] as const;
  for (const { key, value } of callOn(records, {
    entry: functionNamed('createKVTable'),
    caller: admin,
    data: encodeAbi(['string', 'string', 'string'], ['fuzz', 'id', 'value']),
  }).changes)
    if (value !== undefined) records.set(key, value);
  return createTarget({
    name: 'system-contract',
    about: 'calls of the system contracts',
    generate: (prng) => {
      const at = prng.below(FUNCTIONS.length);
      const types = argumentTypes(FUNCTIONS[at]?.signature ?? '()');
      const data = encodeAbi(
        types,
        types.map((type) => argument(prng, type)),
      );
      return concatBytes(Uint8Array.of(at, prng.below(callers.length)), data);
    },
    decode: (input) => {
      const entry = FUNCTIONS[(input[0] ?? 0) % FUNCTIONS.length] as SystemFunction;
      const caller = callers[(input[1] ?? 0) % callers.length] as AddressHex;
      return { entry, caller, ...callOn(records, { entry, caller, data: input.subarray(2) }) };
    },
    check: ({ entry, caller, state, changes }) => {
      if (changes.length === 0) return undefined;
      const keys = changes.map(({ key }) => key);
      // Anybody may make a table; a table writes its rows; all else is for members.
      if (entry.signature.startsWith('createKVTable('))
        return keys.every(isOfTables) ? undefined : 'a table was made, and more';
      if (caller === table)
        return keys.every((key) => key.startsWith(rowKey(table, NOTHING)))
          ? undefined
          : 'a table writes more than its rows';
      if (caller !== admin) return 'changed by a stranger';
      const fault = parametersFault(readParameters(state));
      if (fault !== undefined) return `parameters that no chain may have: ${fault.message}`;
      const registry = readRegistry(state);
      if (!registry.nodes.some((node) => node.role === 'validator')) return 'no validator is left';
      const isWhole = registryRecords(registry).every(({ key, value }) => sameBytes(state.get(key), value));
      return isWhole ? undefined : 'the records of the registry are not those of its content';
    },
  });
}

type SystemFunction = (typeof FUNCTIONS)[number];
type Call = { readonly entry: SystemFunction; readonly caller: AddressHex; readonly data: Uint8Array };

const NOTHING = new Uint8Array(0);
const functionNamed = (name: string): SystemFunction =>
  FUNCTIONS.find(({ signature }) => signature.startsWith(`${name}(`)) as SystemFunction;

/** Records of 0x1009, and policies and lists of contracts. */
const isOfTables = (key: StateKey): boolean =>
  key.startsWith(`03${KV_TABLES_ADDRESS}`) ||
  key.startsWith(contractKey('' as AddressHex)) ||
  key.startsWith(METHOD_KEYS);
const METHOD_KEYS = methodKey('' as AddressHex, '');

/** Runs one function on these records; what it has changed, and the state after it. @throws Error when a view writes */
function callOn(
  records: ReadonlyMap<StateKey, Uint8Array>,
  { entry, caller, data }: Call,
): { readonly state: { get(key: StateKey): Uint8Array | undefined }; readonly changes: readonly StateChange[] } {
  const written = new Map<StateKey, Uint8Array | undefined>();
  const state = {
    get: (key: StateKey) => (written.has(key) ? written.get(key) : records.get(key)),
    set: (key: StateKey, value: Uint8Array | undefined) => {
      written.set(key, value);
    },
  };
  const outcome = entry.run(
    {
      suite: standardSuite,
      state,
      caller,
      value: 0n,
      isStatic: false,
      height: 7 as never,
      timestamp: 1_700_000_000,
      transactionHash: ZERO_HASH,
      blockHash: () => undefined,
      data,
      createContract: (created) => {
        if (state.get(contractKey(created)) !== undefined) return false;
        state.set(contractKey(created), encodeContractPolicy({ ...NO_POLICY, admin: caller }));
        return true;
      },
    },
    data,
  );
  if (entry.isView && written.size > 0) throw new Error('a view has written');
  // State is taken back with a revert: what was written does not count.
  if (outcome.type === 'revert') written.clear();
  return { state, changes: [...written].map(([key, value]) => ({ key, value })) };
}

function argument(prng: Prng, type: AbiType): AbiValue {
  if (type === 'string[]') return values.list(prng, 3, () => `/ip4/10.0.0.${prng.below(256)}/tcp/30300`);
  if (type === 'string') {
    const numbers = [`${values.natural(prng)}`, '0x10', '-1', ''];
    return prng.pick([...values.NODE_IDS, 'tx_count_limit', 'hansa_window', 'CONSENSUS_LEADER_PERIOD', ...numbers]);
  }
  if (type === 'address[]') return values.list(prng, 2, () => prng.pick(SYSTEM_CONTRACTS).address);
  if (type === 'bytes[]') return values.list(prng, 2, () => callOfCommittee(prng));
  return type === 'uint256' ? BigInt(values.natural(prng)) : abiValue(prng, type);
}

/** Call data of a function of a system contract, as a proposal holds it. */
function callOfCommittee(prng: Prng): Uint8Array {
  const { signature } = prng.pick(FUNCTIONS);
  const types = argumentTypes(signature);
  return encodeCall(
    signature,
    types,
    types.map((type) => (type === 'string' ? prng.pick(values.NODE_IDS) : abiValue(prng, type))),
  );
}

const sameBytes = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a !== undefined && bytesToHex(a) === bytesToHex(b);

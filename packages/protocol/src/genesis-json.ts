/** genesis.json: for people, strict (spec FMT-81). What is hashed are the canonical bytes, never this text. */
import { ethereumCrypto } from '@hansa/crypto';
import {
  type AddressHex,
  asciiBytes,
  assert,
  bytesToHex,
  fail,
  type HashHex,
  hexToBytes,
  type NodeId,
  ok,
  type Result,
  toHashHex,
} from '@hansa/primitives';
import { type ChainParameters, DEFAULT_CHAIN_PARAMETERS } from './chain-parameters.ts';
import type { ProtocolErrorCode, ProtocolFailure } from './errors.ts';
import type { Genesis, GenesisAccount, GenesisNode, GenesisOrganisation } from './genesis.ts';
import { genesisFault } from './genesis-rules.ts';
import { type JsonObject, type JsonValue, readJson } from './json-reader.ts';
import { GENESIS_TEXT_SIZE_MAX } from './limits.ts';
import { PARAMETER_TABLE, parameterByKey } from './parameter-table.ts';

/** Carries the first fault out of the nested readers of this file; it never leaves `parseGenesis`. */
class GenesisFault {
  readonly failure: ProtocolFailure;
  constructor(failure: ProtocolFailure) {
    this.failure = failure;
  }
}

/** Genesis of a text, or the first thing that is wrong with it: what, where, and what to do. */
export function parseGenesis(text: string): Result<Genesis, ProtocolFailure> {
  if (text.length > GENESIS_TEXT_SIZE_MAX) {
    return fail({
      code: 'PROTOCOL_LIMIT_EXCEEDED',
      message: `genesis: ${text.length} characters are above ${GENESIS_TEXT_SIZE_MAX}`,
    });
  }
  const json = readJson(text);
  if (!json.ok) {
    const remedy = 'correct the file at that place, or copy it again from the member who made it';
    return fail({ code: 'PROTOCOL_GENESIS_NOT_JSON', message: `genesis: ${json.error}`, remedy });
  }
  try {
    const genesis = genesisOf(json.value);
    const fault = genesisFault(genesis);
    return fault === undefined ? ok(genesis) : fail(fault);
  } catch (error) {
    assert(error instanceof GenesisFault, `a fault of a genesis was expected, got ${String(error)}`);
    return fail(error.failure);
  }
}

/** Text that `parseGenesis` reads back; the same for the same value on every machine. */
export function renderGenesis(genesis: Genesis): string {
  const parameters = PARAMETER_TABLE.map(({ key, type }) => {
    const text = parameterByKey(genesis.parameters, key) as string;
    return [key, type === 'number' ? Number(text) : text] as const;
  });
  const value = {
    formatVersion: genesis.formatVersion,
    chainId: genesis.chainId,
    groupId: genesis.groupId,
    suite: genesis.suite,
    stateTree: genesis.stateTree,
    evmFork: genesis.evmFork,
    timestamp: genesis.timestamp,
    parameters: Object.fromEntries(parameters),
    committee: {
      participationRate: genesis.committee.participationRate,
      winRate: genesis.committee.winRate,
    },
    organisations: genesis.organisations.map((organisation) => ({
      id: organisation.id,
      name: organisation.name,
      contact: organisation.contact,
      admins: organisation.admins.map(renderAddress),
      threshold: organisation.threshold,
      governorWeight: organisation.governorWeight,
    })),
    nodes: genesis.nodes.map((node) => ({
      nodeId: node.nodeId,
      organisationId: node.organisationId,
      role: node.role,
      weight: node.weight,
      addresses: node.addresses,
    })),
    accounts: genesis.accounts.map((account) => ({
      address: renderAddress(account.address),
      balance: account.balance.toString(),
      nonce: account.nonce.toString(),
      code: `0x${bytesToHex(account.code)}`,
      storage: account.storage.map((entry) => ({ slot: `0x${entry.slot}`, value: `0x${entry.value}` })),
    })),
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function genesisOf(json: JsonValue): Genesis {
  const at = objectAt(json, '', [
    'formatVersion',
    'chainId',
    'groupId',
    'suite',
    'stateTree',
    'evmFork',
    'timestamp',
    'parameters',
    'committee',
    'organisations',
    'nodes',
    'accounts',
  ]);
  return {
    formatVersion: at('formatVersion', toNumber) as 2,
    chainId: at('chainId', toNumber),
    groupId: at('groupId', toText),
    suite: at('suite', toText) as Genesis['suite'],
    stateTree: at('stateTree', toText) as Genesis['stateTree'],
    evmFork: at('evmFork', toText) as Genesis['evmFork'],
    timestamp: at('timestamp', toNumber),
    parameters: at('parameters', parametersOf),
    committee: at('committee', committeeOf),
    organisations: at('organisations', listOf(organisationOf)),
    nodes: at('nodes', listOf(nodeOf)),
    accounts: at('accounts', listOf(accountOf)),
  };
}

/** All keys must be there: a default that a later version of the program changes would change the genesis hash. */
function parametersOf(json: JsonValue, path: string): ChainParameters {
  const at = objectAt(
    json,
    path,
    PARAMETER_TABLE.map((rule) => rule.key),
  );
  const entries = PARAMETER_TABLE.map((rule) => {
    const read = rule.type === 'number' ? toNumber : rule.type === 'bigint' ? toAmount : toAddress;
    return [rule.field, at<number | bigint | AddressHex>(rule.key, read)] as const;
  });
  return { ...DEFAULT_CHAIN_PARAMETERS, ...(Object.fromEntries(entries) as Partial<ChainParameters>) };
}

function organisationOf(json: JsonValue, path: string): GenesisOrganisation {
  const at = objectAt(json, path, ['id', 'name', 'contact', 'admins', 'threshold', 'governorWeight']);
  return {
    id: at('id', toText),
    name: at('name', toText),
    contact: at('contact', toText),
    admins: at('admins', listOf(toAddress)),
    threshold: at('threshold', toNumber),
    governorWeight: at('governorWeight', toNumber),
  };
}

function committeeOf(json: JsonValue, path: string): Genesis['committee'] {
  const at = objectAt(json, path, ['participationRate', 'winRate']);
  return { participationRate: at('participationRate', toNumber), winRate: at('winRate', toNumber) };
}

function nodeOf(json: JsonValue, path: string): GenesisNode {
  const at = objectAt(json, path, ['nodeId', 'organisationId', 'role', 'weight', 'addresses']);
  return {
    nodeId: at('nodeId', toText) as NodeId,
    organisationId: at('organisationId', toText),
    role: at('role', toRole),
    weight: at('weight', toNumber),
    addresses: at('addresses', listOf(toText)),
  };
}

/** `nonce`, `code` and `storage` may be left out: an account that only holds a balance is the usual one. */
function accountOf(json: JsonValue, path: string): GenesisAccount {
  const at = objectAt(json, path, ['address', 'balance'], ['nonce', 'code', 'storage']);
  return {
    address: at('address', toAddress),
    balance: at('balance', toAmount),
    nonce: at('nonce', toAmount, 0n),
    code: at('code', toBytes, new Uint8Array(0)),
    storage: at('storage', listOf(storageOf), []),
  };
}

function storageOf(json: JsonValue, path: string): { readonly slot: HashHex; readonly value: HashHex } {
  const at = objectAt(json, path, ['slot', 'value']);
  return { slot: at('slot', toWord), value: at('value', toWord) };
}

type Read<T> = (json: JsonValue, path: string) => T;

/** Access to the keys of an object that has exactly these. `fallback` is for the optional ones. */
function objectAt(
  json: JsonValue,
  path: string,
  required: readonly string[],
  optional: readonly string[] = [],
): <T>(key: string, read: Read<T>, fallback?: T) => T {
  if (!(json instanceof Map)) throw wrongType(path === '' ? 'the file' : path, 'an object');
  const object: JsonObject = json;
  const join = (key: string): string => (path === '' ? key : `${path}.${key}`);
  const known = [...required, ...optional];
  for (const key of object.keys()) {
    if (!known.includes(key))
      throw fault('UNKNOWN_KEY', `${join(key)} is unknown`, `known here are ${known.join(', ')}`);
  }
  for (const key of required) {
    if (!object.has(key))
      throw fault('MISSING_KEY', `${join(key)} is missing`, 'add it; `hansa genesis create` writes every key');
  }
  return (key, read, fallback) => {
    const value = object.get(key);
    return value === undefined && fallback !== undefined ? fallback : read(value as JsonValue, join(key));
  };
}

const listOf =
  <T>(read: Read<T>): Read<readonly T[]> =>
  (json, path) => {
    if (!Array.isArray(json)) throw wrongType(path, 'a list');
    return (json as readonly JsonValue[]).map((item, index) => read(item, `${path}[${index}]`));
  };

const toNumber: Read<number> = (json, path) => {
  if (typeof json !== 'number') throw wrongType(path, 'a whole number');
  return json;
};

const toText: Read<string> = (json, path) => {
  if (typeof json !== 'string') throw wrongType(path, 'a string');
  return json;
};

const toRole: Read<'validator' | 'observer'> = (json, path) => {
  if (json !== 'validator' && json !== 'observer') throw wrongType(path, '"validator" or "observer"');
  return json;
};

/** Decimal digits or 0x and hex digits, in a string: a JSON number would lose digits in many programs. */
const toAmount: Read<bigint> = (json, path) => {
  if (typeof json !== 'string' || !/^(0|[1-9][0-9]{0,77}|0x[0-9a-fA-F]{1,64})$/.test(json)) {
    throw wrongType(path, 'a string of decimal digits, or of 0x and hex digits');
  }
  return BigInt(json);
};

const toBytes: Read<Uint8Array> = (json, path) => {
  const bytes = typeof json === 'string' && json.startsWith('0x') ? hexToBytes(json.slice(2)) : undefined;
  if (bytes === undefined) throw wrongType(path, 'a string of 0x and an even number of hex digits');
  return bytes;
};

const toWord: Read<HashHex> = (json, path) => {
  if (typeof json !== 'string' || !/^0x[0-9a-fA-F]{64}$/.test(json))
    throw wrongType(path, 'a string of 0x and 64 hex digits');
  return toHashHex(json.slice(2).toLowerCase());
};

/** Either case; with both in it, the checksum of EIP-55 must be right: it is there to catch typing errors. */
const toAddress: Read<AddressHex> = (json, path) => {
  if (typeof json !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(json))
    throw wrongType(path, 'a string of 0x and 40 hex digits');
  const digits = json.slice(2);
  const lower = digits.toLowerCase() as AddressHex;
  if (digits !== lower && digits !== digits.toUpperCase() && digits !== checksummed(lower)) {
    throw fault(
      'OUT_OF_RANGE',
      `${path} has a wrong checksum (EIP-55)`,
      'compare it with its source; a digit is wrong',
    );
  }
  return lower;
};

const renderAddress = (address: AddressHex): string => `0x${checksummed(address)}`;

/** EIP-55. */
function checksummed(address: AddressHex): string {
  const digest = bytesToHex(ethereumCrypto.keccak256(asciiBytes(address)));
  return [...address].map((digit, i) => ((digest[i] as string) >= '8' ? digit.toUpperCase() : digit)).join('');
}

const wrongType = (path: string, expected: string): GenesisFault =>
  fault('WRONG_TYPE', `${path} must be ${expected}`, 'correct it and try again');

function fault(
  reason: 'UNKNOWN_KEY' | 'MISSING_KEY' | 'WRONG_TYPE' | 'OUT_OF_RANGE',
  message: string,
  remedy: string,
): GenesisFault {
  const code: ProtocolErrorCode = `PROTOCOL_GENESIS_${reason}`;
  return new GenesisFault({ code, message: `genesis: ${message}`, remedy });
}

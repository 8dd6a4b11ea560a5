import { assert, concatBytes, fromHex, type HashHex, type Result } from '@hansa/primitives';
import {
  type ChainParameters,
  decodeParameters,
  encodeParameters,
  type Genesis,
  type StateChange,
  type StateKey,
  type StateReader,
} from '@hansa/protocol';
import {
  decodeIds,
  decodeNode,
  decodeOrganisation,
  decodeTermState,
  encodeTermState,
  NODES_KEY,
  nodeKey,
  ORGANISATIONS_KEY,
  organisationKey,
  PARAMETERS_KEY,
  registryRecords,
  TERM_KEY,
} from './records.ts';
import type { Registry } from './registry.ts';
import type { TermState } from './term.ts';

/** Own records that do not decode are a broken invariant: they were written by the rules of this package. */
function readRecord<T>(
  state: StateReader,
  key: StateKey,
  decode: (bytes: Uint8Array) => Result<T, { message: string }>,
): T {
  const bytes = state.get(key);
  assert(bytes !== undefined, `record ${key} of the registry is missing`);
  const decoded = decode(bytes);
  assert(decoded.ok, `record ${key} of the registry does not decode`);
  return decoded.value;
}

/** The registry as the state holds it. Costs one read per organisation and node: keep it while NODES_KEY and its records stay. */
export function readRegistry(state: StateReader): Registry {
  const organisations = readRecord(state, ORGANISATIONS_KEY, decodeIds).map((id) =>
    readRecord(state, organisationKey(id), decodeOrganisation),
  );
  const nodes = readRecord(state, NODES_KEY, decodeIds).map((id) => readRecord(state, nodeKey(id), decodeNode));
  return { organisations, nodes };
}

export const readTermState = (state: StateReader): TermState => readRecord(state, TERM_KEY, decodeTermState);

/** Parameters that count from the next term on: what `setValueByKey` has written. */
export const readParameters = (state: StateReader): ChainParameters =>
  readRecord(state, PARAMETERS_KEY, decodeParameters);

/** What differs between two registries, as changes of the state ordered by key. */
export function registryChanges(before: Registry, after: Registry): readonly StateChange[] {
  const old = new Map(registryRecords(before).map((record) => [record.key, record.value]));
  const changes: StateChange[] = [];
  for (const record of registryRecords(after)) {
    const previous = old.get(record.key);
    old.delete(record.key);
    if (previous === undefined || !isEqual(previous, record.value)) changes.push(record);
  }
  for (const key of old.keys()) changes.push({ key, value: undefined });
  return changes.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** The registry that a genesis describes. */
export function genesisRegistry(genesis: Genesis): Registry {
  return {
    organisations: genesis.organisations.map(({ id, name, admins }) => ({ id, name, admins })),
    nodes: genesis.nodes.map((node) => ({ ...node, since: 0 as Registry['nodes'][number]['since'] })),
  };
}

/** Registry, term and parameters as genesis writes them. */
export function genesisRecords(
  registry: Registry,
  term: TermState,
  parameters: ChainParameters,
): readonly StateChange[] {
  return [
    ...registryRecords(registry),
    { key: TERM_KEY, value: encodeTermState(term) },
    { key: PARAMETERS_KEY, value: encodeParameters(parameters) },
  ].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** What the registry root needs of the chain's suite. */
export type RegistryHasher = {
  taggedDigest(tag: string, bytes: Uint8Array): HashHex;
  merkleRoot(tag: string, leaves: readonly HashHex[]): HashHex;
};

/** Root over all records in ascending order of key (spec MEM-6): header field registryRoot. */
export function registryRoot(registry: Registry, hasher: RegistryHasher): HashHex {
  const leaves = registryRecords(registry).map(({ key, value }) =>
    hasher.taggedDigest('hansa/registry-record/v1', concatBytes(fromHex(key), value)),
  );
  return hasher.merkleRoot('hansa/registry/v1', leaves);
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

import {
  assert,
  compareText,
  concatBytes,
  fromHex,
  type HashHex,
  type Height,
  type Result,
  type Term,
} from '@hansa/primitives';
import {
  type ChainParameters,
  decodeParameters,
  encodeParameters,
  type Genesis,
  type StateChange,
  type StateKey,
  type StateReader,
} from '@hansa/protocol';
import { type Attestation, attestationsKey, decodeAttestations, decodeTermNumber } from './attestation.ts';
import { COMMITTEE_KEY, type Committee, decodeCommittee, encodeCommittee } from './committee.ts';
import {
  decodeHistoryCount,
  decodeHistoryEntry,
  encodeHistoryCount,
  encodeHistoryEntry,
  HISTORY_COUNT_KEY,
  type HistoryEntry,
  historyKey,
} from './history.ts';
import { decodeProposalRecord, type Proposal, proposalKey } from './proposal.ts';
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
export function readRecord<T>(
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

/** The registry that a genesis describes. */
export function genesisRegistry(genesis: Genesis): Registry {
  return {
    organisations: genesis.organisations.map(({ governorWeight: _, ...organisation }) => organisation),
    nodes: genesis.nodes.map((node) => ({ ...node, since: 0 as Height, reason: 'genesis' })),
  };
}

export const readCommittee = (state: StateReader): Committee => readRecord(state, COMMITTEE_KEY, decodeCommittee);

/** A proposal of this id; undefined: there never was one. */
export function readProposal(state: StateReader, id: number): Proposal | undefined {
  return readOptional(state, proposalKey(id), decodeProposalRecord);
}

export const readAttestations = (state: StateReader, candidate: string): readonly Attestation[] =>
  readOptional(state, attestationsKey(candidate), decodeAttestations) ?? [];

/** Record of a term number: presence or punishment of a node. */
export const readTermNumber = (state: StateReader, key: StateKey): Term | undefined =>
  readOptional(state, key, decodeTermNumber);

export const readHistoryCount = (state: StateReader): number =>
  readOptional(state, HISTORY_COUNT_KEY, decodeHistoryCount) ?? 0;

/** Entry of the history, from 0. */
export const readHistoryEntry = (state: StateReader, index: number): HistoryEntry | undefined =>
  readOptional(state, historyKey(index), decodeHistoryEntry);

function readOptional<T>(
  state: StateReader,
  key: StateKey,
  decode: (bytes: Uint8Array) => Result<T, { message: string }>,
): T | undefined {
  return state.get(key) === undefined ? undefined : readRecord(state, key, decode);
}

/** Entries of the history, appended to what is there. */
export function historyChanges(state: StateReader, entries: readonly HistoryEntry[]): readonly StateChange[] {
  if (entries.length === 0) return [];
  const count = readHistoryCount(state);
  return [
    { key: HISTORY_COUNT_KEY, value: encodeHistoryCount(count + entries.length) },
    ...entries.map((entry, index) => ({ key: historyKey(count + index), value: encodeHistoryEntry(entry) })),
  ];
}

/** Registry, committee, term and parameters as genesis writes them. */
export function genesisRecords(
  registry: Registry,
  committee: Committee,
  term: TermState,
  parameters: ChainParameters,
): readonly StateChange[] {
  return [
    ...registryRecords(registry),
    { key: COMMITTEE_KEY, value: encodeCommittee(committee) },
    { key: TERM_KEY, value: encodeTermState(term) },
    { key: PARAMETERS_KEY, value: encodeParameters(parameters) },
  ].sort((a, b) => compareText(a.key, b.key));
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

/**
 * What the state says of members, parameters and term, decoded once for as long as its bytes stay the same. Bounded: one
 * value of each kind. A value depends on bytes alone, so that it does not matter what was asked for before (EXE-2).
 */
import { type CryptoSuite, merkleRoot } from '@hansa/crypto';
import {
  COMMITTEE_KEY,
  type Committee,
  decodeTermState,
  NODES_KEY,
  nodeKey,
  ORGANISATIONS_KEY,
  organisationKey,
  PARAMETERS_KEY,
  type Registry,
  readCommittee,
  readParameters,
  readRegistry,
  registryRoot,
  TERM_KEY,
  type TermState,
  validatorSetOf,
} from '@hansa/membership';
import { assert, equalBytes, type HashHex } from '@hansa/primitives';
import type { ChainParameters, StateKey, StateReader, ValidatorSet } from '@hansa/protocol';

type Known<T> = { readonly bytes: Uint8Array; readonly value: T };

let knownParameters: Known<ChainParameters> | undefined;
let knownTerm: Known<TermState> | undefined;
let knownRegistry:
  | { readonly records: readonly (readonly [StateKey, Uint8Array])[]; readonly value: Registry }
  | undefined;

export function parametersOf(state: StateReader): ChainParameters {
  const bytes = state.get(PARAMETERS_KEY);
  if (bytes === undefined || knownParameters === undefined || !isSame(bytes, knownParameters.bytes)) {
    const value = readParameters(state);
    knownParameters = { bytes: bytes as Uint8Array, value };
  }
  return knownParameters.value;
}

let knownCommittee: Known<Committee> | undefined;

export function committeeOf(state: StateReader): Committee {
  const bytes = state.get(COMMITTEE_KEY);
  if (bytes === undefined || knownCommittee === undefined || !isSame(bytes, knownCommittee.bytes)) {
    knownCommittee = { bytes: bytes as Uint8Array, value: readCommittee(state) };
  }
  return knownCommittee.value;
}

export function termStateOf(state: StateReader): TermState {
  const bytes = state.get(TERM_KEY);
  assert(bytes !== undefined, 'the record of the term is missing');
  if (knownTerm === undefined || !isSame(bytes, knownTerm.bytes)) {
    const decoded = decodeTermState(bytes);
    assert(decoded.ok, 'the record of the term does not decode');
    knownTerm = { bytes, value: decoded.value };
  }
  return knownTerm.value;
}

/** One look-up per record, nothing decoded when all of them are as they were. */
export function registryOf(state: StateReader): Registry {
  if (knownRegistry?.records.every(([key, bytes]) => isSame(state.get(key), bytes)) === true)
    return knownRegistry.value;
  const value = readRegistry(state);
  const keys = [
    ORGANISATIONS_KEY,
    NODES_KEY,
    ...value.organisations.map(({ id }) => organisationKey(id)),
    ...value.nodes.map(({ nodeId }) => nodeKey(nodeId)),
  ];
  knownRegistry = { records: keys.map((key) => [key, state.get(key) as Uint8Array]), value };
  return value;
}

const validatorSets: WeakMap<Registry, ValidatorSet> = new WeakMap();

/** The same object for the same registry. */
export function validatorsOf(registry: Registry): ValidatorSet {
  let validators = validatorSets.get(registry);
  if (validators === undefined) {
    validators = validatorSetOf(registry);
    validatorSets.set(registry, validators);
  }
  return validators;
}

const roots: WeakMap<Registry, { readonly suite: CryptoSuite; readonly root: HashHex }> = new WeakMap();

/** Root of the registry as the header names it (spec MEM-6). */
export function rootOf(registry: Registry, suite: CryptoSuite): HashHex {
  const known = roots.get(registry);
  if (known?.suite === suite) return known.root;
  const root = registryRoot(registry, {
    taggedDigest: (tag, bytes) => suite.taggedDigest(tag, bytes),
    merkleRoot: (tag, leaves) => merkleRoot(suite, tag, leaves),
  });
  roots.set(registry, { suite, root });
  return root;
}

function isSame(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a === b || (a !== undefined && equalBytes(a, b));
}

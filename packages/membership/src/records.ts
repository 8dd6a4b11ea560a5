import { type AddressHex, asciiBytes, bytesToHex, compareText, type Result, toAddressHex } from '@hansa/primitives';
import {
  CONTACT_SIZE_MAX,
  decodeTermInfo,
  decodeUtf8,
  encodeTermInfo,
  encodeUtf8,
  GENESIS_ADDRESS_COUNT_MAX,
  GENESIS_ADMIN_COUNT_MAX,
  GENESIS_NODE_COUNT_MAX,
  GENESIS_ORGANISATION_COUNT_MAX,
  IDENTIFIER_SIZE_MAX,
  MULTIADDR_SIZE_MAX,
  NAME_SIZE_MAX,
  type ProtocolFailure,
  REASON_SIZE_MAX,
  Reader,
  type StateChange,
  type StateKey,
  systemKey,
  VALIDATOR_COUNT_MAX,
  Writer,
} from '@hansa/protocol';
import type { Organisation, RegisteredNode, Registry, Role } from './registry.ts';
import type { TermState } from './term.ts';

/** Where registry and term live in state: records of the system contract 0x1003 (spec MEM-1). */
export const CONSENSUS_ADDRESS: AddressHex = toAddressHex('0000000000000000000000000000000000001003');
/** Parameters of the chain: one record of 0x1000. */
export const SYSTEM_CONFIG_ADDRESS: AddressHex = toAddressHex('0000000000000000000000000000000000001000');

const TERM_INFO_SIZE_MAX = 64 * 1024;
export const recordName = (text: string): string => bytesToHex(asciiBytes(text));

/** Lists of ids: the state has no iteration, so what exists is named by a record. */
export const ORGANISATIONS_KEY: StateKey = systemKey(CONSENSUS_ADDRESS, recordName('organisations'));
export const NODES_KEY: StateKey = systemKey(CONSENSUS_ADDRESS, recordName('nodes'));
export const TERM_KEY: StateKey = systemKey(CONSENSUS_ADDRESS, recordName('term'));
export const PARAMETERS_KEY: StateKey = systemKey(SYSTEM_CONFIG_ADDRESS, recordName('parameters'));

export const organisationKey = (id: string): StateKey => systemKey(CONSENSUS_ADDRESS, recordName(`organisation/${id}`));
export const nodeKey = (nodeId: string): StateKey => systemKey(CONSENSUS_ADDRESS, `${recordName('node/')}${nodeId}`);

export const RECORD_VERSION = 1;
const ROLES: readonly Role[] = ['observer', 'validator', 'candidate', 'suspended'];
/** A candidate's weight is that which it will have. */
const hasWeight = (role: Role): boolean => role === 'validator' || role === 'candidate';

/** spec MEM-2. */
export function encodeOrganisation(organisation: Organisation): Uint8Array {
  return new Writer()
    .u8(RECORD_VERSION)
    .bytes(asciiBytes(organisation.id))
    .bytes(encodeUtf8(organisation.name))
    .bytes(encodeUtf8(organisation.contact))
    .list(organisation.admins, (w, admin) => w.hex(admin, 20))
    .u32(organisation.threshold)
    .finish();
}

export function decodeOrganisation(bytes: Uint8Array): Result<Organisation, ProtocolFailure> {
  const reader = new Reader(bytes, 'organisation');
  readVersion(reader);
  const id = readAscii(reader, IDENTIFIER_SIZE_MAX);
  const name = readText(reader, NAME_SIZE_MAX);
  const contact = readText(reader, CONTACT_SIZE_MAX);
  const admins = reader.list(GENESIS_ADMIN_COUNT_MAX, (r) => r.address());
  return reader.finish({ id, name, contact, admins, threshold: reader.u32() });
}

/** spec MEM-3. */
export function encodeNode(node: RegisteredNode): Uint8Array {
  return new Writer()
    .u8(RECORD_VERSION)
    .hex(node.nodeId, 64)
    .bytes(asciiBytes(node.organisationId))
    .u8(ROLES.indexOf(node.role))
    .u32(node.weight)
    .u64(node.since)
    .list(node.addresses, (w, address) => w.bytes(encodeUtf8(address)))
    .bytes(encodeUtf8(node.reason))
    .finish();
}

export function decodeNode(bytes: Uint8Array): Result<RegisteredNode, ProtocolFailure> {
  const reader = new Reader(bytes, 'node');
  readVersion(reader);
  const nodeId = reader.nodeId();
  const organisationId = readAscii(reader, IDENTIFIER_SIZE_MAX);
  const roleNumber = reader.u8();
  const role = ROLES[roleNumber];
  if (role === undefined) reader.fail('PROTOCOL_OUT_OF_RANGE', `there is no role ${roleNumber}`);
  const weight = reader.u32();
  const since = reader.height();
  const addresses = reader.list(GENESIS_ADDRESS_COUNT_MAX, (r) => readText(r, MULTIADDR_SIZE_MAX));
  const reason = readText(reader, REASON_SIZE_MAX);
  if (!reader.failed && hasWeight(role as Role) !== weight > 0) {
    reader.fail('PROTOCOL_OUT_OF_RANGE', `a ${role} cannot have weight ${weight}`);
  }
  return reader.finish({ nodeId, organisationId, role: role as Role, weight, addresses, since, reason });
}

/** spec MEM-4: ids of the organisations, or of the nodes, ascending. */
export function encodeIds(ids: readonly string[]): Uint8Array {
  return new Writer().list(ids, (w, id) => w.bytes(asciiBytes(id))).finish();
}

export function decodeIds(bytes: Uint8Array): Result<readonly string[], ProtocolFailure> {
  const reader = new Reader(bytes, 'list of ids');
  return reader.finish(
    reader.list(Math.max(GENESIS_NODE_COUNT_MAX, GENESIS_ORGANISATION_COUNT_MAX), (r) => readAscii(r, 128)),
  );
}

/** spec MEM-5. */
export function encodeTermState(state: TermState): Uint8Array {
  return new Writer()
    .bytes(encodeTermInfo(state.info))
    .hex(state.starter, 64)
    .u64(state.highestView)
    .list(state.proposers, (w, index) => w.u32(index))
    .list(state.absent, (w, { nodeId, since }) => w.hex(nodeId, 64).u64(since))
    .finish();
}

export function decodeTermState(bytes: Uint8Array): Result<TermState, ProtocolFailure> {
  const reader = new Reader(bytes, 'term state');
  const info = decodeTermInfo(reader.bytes(TERM_INFO_SIZE_MAX));
  const starter = reader.nodeId();
  const highestView = reader.view();
  const proposers = reader.list(VALIDATOR_COUNT_MAX, (r) => r.validatorIndex());
  const absent = reader.list(VALIDATOR_COUNT_MAX, (r) => ({ nodeId: r.nodeId(), since: r.term() }));
  if (!info.ok) return info;
  return reader.finish({ info: info.value, starter, highestView, proposers, absent });
}

/** All records of a registry, in ascending order of key: what genesis writes and what the registry root covers. */
export function registryRecords(registry: Registry): { readonly key: StateKey; readonly value: Uint8Array }[] {
  const records = [
    { key: ORGANISATIONS_KEY, value: encodeIds(registry.organisations.map((organisation) => organisation.id)) },
    { key: NODES_KEY, value: encodeIds(registry.nodes.map((node) => node.nodeId)) },
    ...registry.organisations.map((organisation) => ({
      key: organisationKey(organisation.id),
      value: encodeOrganisation(organisation),
    })),
    ...registry.nodes.map((node) => ({ key: nodeKey(node.nodeId), value: encodeNode(node) })),
  ];
  return records.sort((a, b) => compareText(a.key, b.key));
}

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
  return changes.sort((a, b) => compareText(a.key, b.key));
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

export function readVersion(reader: Reader): void {
  const version = reader.u8();
  if (version !== RECORD_VERSION) reader.fail('PROTOCOL_OUT_OF_RANGE', `version ${version} of the record is unknown`);
}

/** Ids are ASCII: what is not could not be encoded again. */
export function readAscii(reader: Reader, sizeMax: number): string {
  const bytes = reader.bytes(sizeMax);
  const isAscii = bytes.every((byte) => byte < 0x80);
  if (!isAscii) reader.fail('PROTOCOL_NOT_CANONICAL', 'an id must be ASCII');
  return isAscii ? String.fromCharCode(...bytes) : '';
}

export function readText(reader: Reader, sizeMax: number): string {
  const text = decodeUtf8(reader.bytes(sizeMax));
  if (text === undefined) reader.fail('PROTOCOL_NOT_CANONICAL', 'text must be UTF-8');
  return text ?? '';
}

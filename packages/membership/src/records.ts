import { type AddressHex, asciiBytes, bytesToHex, type Result, toAddressHex } from '@hansa/primitives';
import {
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
  Reader,
  type StateKey,
  systemKey,
  VALIDATOR_COUNT_MAX,
  Writer,
} from '@hansa/protocol';
import type { Organisation, RegisteredNode, Registry } from './registry.ts';
import type { TermState } from './term.ts';

/** Where registry and term live in state: records of the system contract 0x1003 (spec MEM-1). */
export const CONSENSUS_ADDRESS: AddressHex = toAddressHex('0000000000000000000000000000000000001003');
/** Parameters of the chain: one record of 0x1000. */
export const SYSTEM_CONFIG_ADDRESS: AddressHex = toAddressHex('0000000000000000000000000000000000001000');

const TERM_INFO_SIZE_MAX = 64 * 1024;
const name = (text: string): string => bytesToHex(asciiBytes(text));

/** Lists of ids: the state has no iteration, so what exists is named by a record. */
export const ORGANISATIONS_KEY: StateKey = systemKey(CONSENSUS_ADDRESS, name('organisations'));
export const NODES_KEY: StateKey = systemKey(CONSENSUS_ADDRESS, name('nodes'));
export const TERM_KEY: StateKey = systemKey(CONSENSUS_ADDRESS, name('term'));
export const PARAMETERS_KEY: StateKey = systemKey(SYSTEM_CONFIG_ADDRESS, name('parameters'));

export const organisationKey = (id: string): StateKey => systemKey(CONSENSUS_ADDRESS, name(`organisation/${id}`));
export const nodeKey = (nodeId: string): StateKey => systemKey(CONSENSUS_ADDRESS, `${name('node/')}${nodeId}`);

/** spec MEM-2. */
export function encodeOrganisation(organisation: Organisation): Uint8Array {
  return new Writer()
    .bytes(asciiBytes(organisation.id))
    .bytes(encodeUtf8(organisation.name))
    .list(organisation.admins, (w, admin) => w.hex(admin, 20))
    .finish();
}

export function decodeOrganisation(bytes: Uint8Array): Result<Organisation, ProtocolFailure> {
  const reader = new Reader(bytes, 'organisation');
  const id = readAscii(reader, IDENTIFIER_SIZE_MAX);
  const organisationName = readText(reader, NAME_SIZE_MAX);
  const admins = reader.list(GENESIS_ADMIN_COUNT_MAX, (r) => r.address());
  return reader.finish({ id, name: organisationName, admins });
}

/** spec MEM-3. */
export function encodeNode(node: RegisteredNode): Uint8Array {
  return new Writer()
    .hex(node.nodeId, 64)
    .bytes(asciiBytes(node.organisationId))
    .u8(node.role === 'validator' ? 1 : 0)
    .u32(node.weight)
    .u64(node.since)
    .list(node.addresses, (w, address) => w.bytes(encodeUtf8(address)))
    .finish();
}

export function decodeNode(bytes: Uint8Array): Result<RegisteredNode, ProtocolFailure> {
  const reader = new Reader(bytes, 'node');
  const nodeId = reader.nodeId();
  const organisationId = readAscii(reader, IDENTIFIER_SIZE_MAX);
  const role = reader.boolean() ? 'validator' : 'observer';
  const weight = reader.u32();
  const since = reader.height();
  const addresses = reader.list(GENESIS_ADDRESS_COUNT_MAX, (r) => readText(r, MULTIADDR_SIZE_MAX));
  if (!reader.failed && (role === 'validator') !== weight > 0) {
    reader.fail('PROTOCOL_OUT_OF_RANGE', `a ${role} cannot have weight ${weight}`);
  }
  return reader.finish({ nodeId, organisationId, role, weight, addresses, since });
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
    .list(state.absent, (w, nodeId) => w.hex(nodeId, 64))
    .finish();
}

export function decodeTermState(bytes: Uint8Array): Result<TermState, ProtocolFailure> {
  const reader = new Reader(bytes, 'term state');
  const info = decodeTermInfo(reader.bytes(TERM_INFO_SIZE_MAX));
  const starter = reader.nodeId();
  const highestView = reader.view();
  const proposers = reader.list(VALIDATOR_COUNT_MAX, (r) => r.validatorIndex());
  const absent = reader.list(VALIDATOR_COUNT_MAX, (r) => r.nodeId());
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
  return records.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** Ids are ASCII: what is not could not be encoded again. */
function readAscii(reader: Reader, sizeMax: number): string {
  const bytes = reader.bytes(sizeMax);
  const isAscii = bytes.every((byte) => byte < 0x80);
  if (!isAscii) reader.fail('PROTOCOL_NOT_CANONICAL', 'an id must be ASCII');
  return isAscii ? String.fromCharCode(...bytes) : '';
}

function readText(reader: Reader, sizeMax: number): string {
  const text = decodeUtf8(reader.bytes(sizeMax));
  if (text === undefined) reader.fail('PROTOCOL_NOT_CANONICAL', 'text must be UTF-8');
  return text ?? '';
}

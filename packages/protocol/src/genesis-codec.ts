import type { CryptoSuite } from '@hansa/crypto';
import { asciiBytes, fail, fromHex, type HashHex, type Result } from '@hansa/primitives';
import type { ProtocolFailure } from './errors.ts';
import type { Genesis, GenesisAccount, GenesisNode, GenesisOrganisation } from './genesis.ts';
import { genesisFault } from './genesis-rules.ts';
import { readIdentifier, writeIdentifier } from './identifier.ts';
import * as limits from './limits.ts';
import { readParameters, writeParameters } from './parameter-table.ts';
import { Reader } from './reader.ts';
import { TAGS } from './tags.ts';
import { decodeUtf8, encodeUtf8 } from './utf8.ts';
import { Writer } from './writer.ts';

/** Canonical bytes of a genesis (spec FMT-80). */
export function encodeGenesis(genesis: Genesis): Uint8Array {
  const writer = new Writer(4096).u32(genesis.formatVersion).u64(genesis.chainId);
  for (const text of [genesis.groupId, genesis.suite, genesis.stateTree, genesis.evmFork])
    writeIdentifier(writer, text);
  writer.u64(genesis.timestamp);
  return writeParameters(writer, genesis.parameters)
    .u8(genesis.committee.participationRate)
    .u8(genesis.committee.winRate)
    .list(genesis.organisations, writeOrganisation)
    .list(genesis.nodes, writeNode)
    .list(genesis.accounts, writeAccount)
    .finish();
}

/** The inverse, with every rule of genesis.json checked. */
export function decodeGenesis(bytes: Uint8Array): Result<Genesis, ProtocolFailure> {
  const reader = new Reader(bytes, 'genesis');
  const genesis = reader.finish({
    formatVersion: reader.u32() as 2,
    chainId: reader.u64(),
    groupId: readIdentifier(reader),
    suite: readIdentifier(reader) as Genesis['suite'],
    stateTree: readIdentifier(reader) as Genesis['stateTree'],
    evmFork: readIdentifier(reader) as Genesis['evmFork'],
    timestamp: reader.u64(),
    parameters: readParameters(reader),
    committee: { participationRate: reader.u8(), winRate: reader.u8() },
    organisations: reader.list(limits.GENESIS_ORGANISATION_COUNT_MAX, readOrganisation),
    nodes: reader.list(limits.GENESIS_NODE_COUNT_MAX, readNode),
    accounts: reader.list(limits.GENESIS_ACCOUNT_COUNT_MAX, readAccount),
  });
  const fault = genesis.ok ? genesisFault(genesis.value) : undefined;
  return fault === undefined ? genesis : fail(fault);
}

/** `proposalDigest` of block 0. The genesis hash, which names the chain, is the hash of that block. */
export function genesisDigest(suite: CryptoSuite, genesis: Genesis): HashHex {
  return suite.taggedDigest(TAGS.genesis, encodeGenesis(genesis));
}

function writeOrganisation(writer: Writer, organisation: GenesisOrganisation): void {
  writeIdentifier(writer, organisation.id);
  writer
    .bytes(encodeUtf8(organisation.name))
    .bytes(encodeUtf8(organisation.contact))
    .list(organisation.admins, (w, admin) => w.hex(admin, 20))
    .u32(organisation.threshold)
    .u32(organisation.governorWeight);
}

function readOrganisation(reader: Reader): GenesisOrganisation {
  const id = readIdentifier(reader);
  const name = decodeUtf8(reader.bytes(limits.NAME_SIZE_MAX));
  const contact = decodeUtf8(reader.bytes(limits.CONTACT_SIZE_MAX));
  if (name === undefined || contact === undefined)
    reader.fail('PROTOCOL_OUT_OF_RANGE', 'a name or contact is not UTF-8');
  return {
    id,
    name: name ?? '',
    contact: contact ?? '',
    admins: reader.list(limits.GENESIS_ADMIN_COUNT_MAX, (r) => r.address()),
    threshold: reader.u32(),
    governorWeight: reader.u32(),
  };
}

function writeNode(writer: Writer, node: GenesisNode): void {
  writer.hex(node.nodeId, 64);
  writeIdentifier(writer, node.organisationId);
  writer
    .boolean(node.role === 'validator')
    .u32(node.weight)
    .list(node.addresses, (w, address) => w.bytes(asciiBytes(address)));
}

function readNode(reader: Reader): GenesisNode {
  return {
    nodeId: reader.nodeId(),
    organisationId: readIdentifier(reader),
    role: reader.boolean() ? 'validator' : 'observer',
    weight: reader.u32(),
    addresses: reader.list(limits.GENESIS_ADDRESS_COUNT_MAX, (r) =>
      String.fromCharCode(...r.bytes(limits.MULTIADDR_SIZE_MAX)),
    ),
  };
}

function writeAccount(writer: Writer, account: GenesisAccount): void {
  writer
    .hex(account.address, 20)
    .u256(account.balance)
    .u64Bigint(account.nonce)
    .bytes(account.code)
    .list(account.storage, (w, entry) => w.raw(fromHex(entry.slot)).raw(fromHex(entry.value)));
}

function readAccount(reader: Reader): GenesisAccount {
  return {
    address: reader.address(),
    balance: reader.u256(),
    nonce: reader.u64Bigint(),
    code: reader.bytes(limits.CODE_SIZE_MAX),
    storage: reader.list(limits.GENESIS_STORAGE_COUNT_MAX, (r) => ({ slot: r.hash(), value: r.hash() })),
  };
}

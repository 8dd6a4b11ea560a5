/**
 * What all honest disks must hold, read from their bytes: one chain from genesis, each block certified by the set that
 * the model derives, each transaction as a client has sent it, once.
 */
import { ethereumCrypto } from '@hansa/crypto';
import { asciiBytes, bytesToHex, compareText, fromHex, type HashHex, type NodeId } from '@hansa/primitives';
import {
  type BlockBody,
  type BlockHeader,
  type Certificate,
  decodeBody,
  decodeCertificate,
  decodeHeader,
} from '@hansa/protocol';
import { simVerify } from '../sim-crypto.ts';
import { EPOCH_MS } from '../world.ts';
import { ChainModel, type Intent, type ModelTerm } from './chain-model.ts';
import { setHash, stateRootOf, tagged, treeRoot, u32, u64 } from './digests.ts';
import { bytesOf } from './ledger-disk.ts';
import type { NodeWorld } from './node-world.ts';

/** Whose disk is read. */
export type CheckedNode = {
  readonly label: string;
  readonly height: number;
  readonly ledgerDisk: { readonly records: ReadonlyMap<string, Uint8Array> };
};
type Changes = readonly { readonly key: string; readonly value: Uint8Array | undefined }[];
type Found = { readonly header: BlockHeader; readonly headerBytes: Uint8Array; readonly hash: HashHex };
type CheckedBlock = Found & {
  readonly body: BlockBody;
  readonly hashes: readonly HashHex[];
  /** The set and the number of its term. */
  readonly term: ModelTerm;
};

/** Kind and address of 0x1003, and `node/`. */
const NODE_RECORDS = `03${'0'.repeat(36)}1003${bytesToHex(asciiBytes('node/'))}`;
/** Block hash and key of the term before the header: docs/spec/ledger.md, LED-1. */
const HEADER_AT = 40;

export class ChainChecker {
  /** By height - 1. */
  readonly chain: CheckedBlock[] = [];
  readonly model: ChainModel;
  /** By hash: all that anybody has signed. */
  readonly submitted: Map<HashHex, Intent> = new Map();
  readonly #world: NodeWorld;
  readonly #decided: Map<number, { readonly digest: HashHex; readonly by: string }> = new Map();
  #genesis: Found | undefined;

  constructor(world: NodeWorld) {
    this.#world = world;
    this.model = new ChainModel(world.genesis, world.genesisHash);
  }

  /** Order: no two honest members decide different proposals at one height. */
  onDecided(node: CheckedNode, height: number, digest: HashHex): void {
    const known = this.#decided.get(height);
    if (known === undefined) this.#decided.set(height, { digest, by: node.label });
    else if (known.digest !== digest)
      this.#fail('order', `${node.label} and ${known.by} decide otherwise at ${height}`);
    const final = this.chain[height - 1];
    if (final !== undefined && final.header.proposalDigest !== digest)
      this.#fail('order', `${node.label} decides at ${height} what is not final`);
  }

  /** A batch is on an honest disk for good. */
  onDurable(node: CheckedNode, changes: Changes): void {
    const of = (table: string): Uint8Array | undefined => changes.find(({ key }) => key[0] === table)?.value;
    const record = of('h');
    if (record === undefined) return;
    const found = this.#read(record);
    const [bodyBytes, certificateBytes] = [of('b'), of('c')];
    const { height } = found.header;
    if (height === 0) {
      if (found.hash !== this.#world.genesisHash) this.#fail('chain', `${node.label} begins with another genesis`);
      this.#genesis = found;
      return;
    }
    const body = bodyBytes === undefined ? undefined : decodeBody(bodyBytes);
    const certificate = certificateBytes === undefined ? undefined : decodeCertificate(certificateBytes);
    if (!body?.ok || !certificate?.ok) this.#fail('chain', `${node.label} writes ${height} without its parts`);
    const known = this.chain[height - 1];
    if (known !== undefined) {
      if (known.hash !== found.hash) this.#fail('agreement', `${node.label} has another block at ${height}`);
      this.#checkCertificate(node, found, certificate.value, known.term);
      return;
    }
    if (height !== this.chain.length + 1)
      this.#fail('chain', `${node.label} commits ${height}, the chain ends at ${this.chain.length}`);
    this.#append(node, found, body.value, certificate.value);
  }

  /** Who may connect by the registry and the term in force (MEM-30), ascending. */
  admitted(): readonly NodeId[] {
    const { governance, term } = this.model;
    const registered = [...governance.members.keys()].filter((nodeId) => this.model.isAdmitted(nodeId));
    return [...new Set([...registered, ...term.validators.map(({ nodeId }) => nodeId)])].sort(compareText);
  }

  /** Everything that a disk holds, at the end: state by the root, balances and members by the model. */
  checkDisk(node: CheckedNode): void {
    const entries: { key: Uint8Array; value: Uint8Array }[] = [];
    let headerRecord: Uint8Array | undefined;
    for (const [name, value] of node.ledgerDisk.records) {
      if (name[0] === 's') entries.push({ key: bytesOf(name.slice(1)), value });
      if (name[0] === 'h' && name.slice(1) === heightName(node.height)) headerRecord = value;
    }
    if (headerRecord === undefined) this.#fail('chain', `${node.label} does not hold its head ${node.height}`);
    const { header } = this.#read(headerRecord);
    if (stateRootOf(entries) !== header.stateRoot)
      this.#fail('chain', `the state of ${node.label} has not the root of height ${header.height}`);
    if (node.height !== this.chain.length) return;
    this.#checkMembers(node, entries);
    for (const { key, value } of entries) {
      if (key[0] !== 1 || value.length !== 72) continue;
      const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
      const { nonce, balance } = this.model.balanceOf(bytesToHex(key.subarray(1)));
      if (!this.#world.genesis.accounts.some(({ address }) => address === bytesToHex(key.subarray(1)))) continue;
      if (view.getBigUint64(0) !== nonce || BigInt(`0x${bytesToHex(value.subarray(8, 40))}`) !== balance)
        this.#fail(
          'truth',
          `${node.label} has another balance for ${bytesToHex(key.subarray(1))} than the chain gives`,
        );
    }
  }

  /** MEM-3: each record of a node, and no others. */
  #checkMembers(node: CheckedNode, entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]): void {
    const { members } = this.model.governance;
    const found = new Map(
      entries.flatMap(({ key, value }) => {
        const name = bytesToHex(key);
        return name.startsWith(NODE_RECORDS) ? [[name.slice(NODE_RECORDS.length) as NodeId, value] as const] : [];
      }),
    );
    for (const nodeId of new Set([...found.keys(), ...members.keys()])) {
      const [value, member] = [found.get(nodeId), members.get(nodeId)];
      const is = value === undefined ? 'not registered' : describeRecord(value);
      const due =
        member === undefined
          ? 'not registered'
          : `${member.organisation} ${member.role} ${member.weight} since ${member.since}`;
      if (is !== due) this.#fail('truth', `${node.label} has ${short(nodeId)} as ${is}, by the rules it is ${due}`);
    }
  }

  #read(record: Uint8Array): Found {
    const headerBytes = record.subarray(HEADER_AT);
    const header = decodeHeader(headerBytes);
    if (!header.ok) this.#fail('chain', `a header on a disk does not decode: ${header.error.message}`);
    const hash = tagged('hansa/header/v1', headerBytes);
    if (bytesToHex(record.subarray(0, 32)) !== hash) this.#fail('chain', 'a header on a disk does not have its hash');
    return { header: header.value, headerBytes, hash };
  }

  #append(node: CheckedNode, found: Found, body: BlockBody, certificate: Certificate): void {
    const { header } = found;
    const { height } = header;
    const parent = this.chain.at(-1) ?? this.#genesis;
    const { model } = this;
    const { term } = model;
    const wrong = (what: string): never => this.#fail('chain', `block ${height}, first on ${node.label}: ${what}`);
    if (header.parentHash !== (parent?.hash ?? this.#world.genesisHash)) wrong('not on its parent');
    this.#checkCertificate(node, found, certificate, term);
    if (header.term !== term.term) wrong(`of term ${header.term}, ${term.term} was due`);
    if (header.validatorsHash !== setHash(term.validators)) wrong('another set than genesis and chain give');
    const proposer = term.order[header.view % term.order.length] as number;
    if (term.validators[proposer]?.nodeId !== header.proposer) wrong(`its proposer does not lead view ${header.view}`);
    if (parent !== undefined && header.timestamp <= parent.header.timestamp) wrong('its time does not rise');
    const nowMs = EPOCH_MS + this.#world.queue.nowMs + this.#world.clockAheadMsMax;
    if (header.timestamp > nowMs + this.#world.genesis.parameters.clockSkewMs) wrong('ahead of every clock');
    const hashes = body.transactions.map((bytes) => bytesToHex(ethereumCrypto.keccak256(bytes)) as HashHex);
    this.#checkProposal(found, hashes, body, proposer);
    const decided = this.#decided.get(height);
    if (decided !== undefined && decided.digest !== header.proposalDigest)
      this.#fail('order', `${height} is final with another proposal than ${decided.by} has decided`);
    if (header.txRoot !== treeRoot('hansa/tx-tree/v1', hashes.map(fromHex))) wrong('another root of transactions');
    this.#execute(height, hashes);
    const isTermEnd = model.endBlock(height, header.view, header.proposer);
    const next = isTermEnd ? model.term.validators : term.validators;
    if (header.nextValidatorsHash !== setHash(next)) wrong('another next set than genesis and chain give');
    this.chain.push({ ...found, body, hashes, term });
  }

  /** FMT-30, with those left out put back. */
  #checkProposal({ header }: Found, executed: readonly HashHex[], body: BlockBody, proposer: number): void {
    const ordered: HashHex[] = [...executed];
    for (const { position, hash } of body.leftOut) ordered.splice(position, 0, hash);
    const group = new TextEncoder().encode(header.groupId);
    const parent = this.chain.at(-1)?.header.proposalDigest ?? this.#genesis?.header.proposalDigest;
    const digest = tagged(
      'hansa/proposal/v1',
      u64(header.chainId),
      u32(group.length),
      group,
      u64(header.term),
      u64(header.height),
      u64(header.view),
      fromHex(parent ?? ''),
      u64(header.timestamp),
      u32(proposer),
      u32(ordered.length),
      ...ordered.map(fromHex),
    );
    if (digest !== header.proposalDigest) this.#fail('chain', `block ${header.height} is not what its proposal orders`);
  }

  #execute(height: number, hashes: readonly HashHex[]): void {
    for (const [index, hash] of hashes.entries()) {
      const intent = this.submitted.get(hash);
      if (intent === undefined) this.#fail('validity', `nobody has sent ${short(hash)}, final at ${height}`);
      if (this.model.executed.has(hash)) this.#fail('validity', `${short(hash)} is final twice, again at ${height}`);
      const reason = this.model.reasonAgainst(intent, height);
      if (reason !== undefined) this.#fail('validity', `${short(hash)} is executed at ${height} although: ${reason}`);
      this.model.execute(hash, intent, index);
    }
  }

  #checkCertificate(node: CheckedNode, { header, hash }: Found, certificate: Certificate, term: ModelTerm): void {
    const wrong = (what: string): never =>
      this.#fail('chain', `certificate of ${header.height} on ${node.label}: ${what}`);
    if (certificate.height !== header.height || certificate.blockHash !== hash) wrong('of another block');
    const body = [fromHex(this.#world.genesisHash), u64(term.term), u64(header.height), fromHex(hash)];
    const digest = tagged('hansa/pbft-result/v1', ...body);
    let [total, weight, last] = [0, 0, -1];
    for (const validator of term.validators) total += validator.weight;
    for (const { index, signature } of certificate.signatures) {
      const validator = term.validators[index];
      if (validator === undefined || index <= last) {
        wrong(`index ${index} out of order or of nobody`);
        return;
      }
      if (!simVerify(digest, signature, validator.nodeId as NodeId)) wrong(`the signature of ${index} is none`);
      weight += validator.weight;
      last = index;
    }
    if (weight < Math.floor((total + Math.floor((total - 1) / 3)) / 2) + 1) wrong(`weight ${weight} of ${total}`);
  }

  #fail(checker: Parameters<NodeWorld['fail']>[0], detail: string): never {
    return this.#world.fail(checker, detail);
  }
}

const ROLES = ['observer', 'validator', 'candidate', 'suspended'];

/** u8 version, 64-byte node id, text organisation, u8 role, u32 weight, u64 since. */
function describeRecord(value: Uint8Array): string {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const end = 69 + view.getUint32(65);
  const organisation = new TextDecoder().decode(value.subarray(69, end));
  return `${organisation} ${ROLES[view.getUint8(end)]} ${view.getUint32(end + 1)} since ${view.getBigUint64(end + 5)}`;
}

function heightName(height: number): string {
  return String.fromCharCode(...u64(height));
}

const short = (hash: string): string => hash.slice(0, 8);

/** Proofs of misbehaviour on disk: one small file each, for people to hand on (spec FMT-72). */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CryptoSuite } from '@hansa/crypto';
import { bytesToHex, compareText, type HashHex, hexToBytes, isHashHex, isNodeId, type NodeId } from '@hansa/primitives';
import { encodePbftMessage, type MisbehaviourProof, type PbftMessage, verifyMisbehaviour } from '@hansa/protocol';
import type { MisbehaviourRecord } from '@hansa/rpc';

export const MISBEHAVIOUR_FORMAT = 'hansa/misbehaviour/v1';
/** The first ones are kept: they say who began, and a liar cannot push them out. */
const RECORD_COUNT_MAX = 1_000;
const FILE_SIZE_MAX = 32 * 1024 * 1024;

export type MisbehaviourStore = {
  /** Oldest first. */
  records(): readonly MisbehaviourRecord[];
  /** Keeps a proof that holds, once for each slot and node. Returns its file. */
  add(found: {
    readonly nodeId: NodeId;
    readonly organisation: string | undefined;
    readonly first: PbftMessage;
    readonly second: PbftMessage;
  }): string | undefined;
};

export type MisbehaviourStoreOptions = {
  readonly directory: string;
  readonly suite: CryptoSuite;
  readonly genesisHash: HashHex;
  readonly now: () => number;
};

/** Files that are no proof are left alone and not shown. */
export function openMisbehaviourStore(options: MisbehaviourStoreOptions): MisbehaviourStore {
  const { directory, suite, genesisHash } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const records = new Map<string, MisbehaviourRecord>();
  for (const name of readdirSync(directory).sort(compareText).slice(0, RECORD_COUNT_MAX)) {
    const record = name.endsWith('.json') ? readRecord(readFileSync(join(directory, name), 'utf8')) : undefined;
    if (record !== undefined) records.set(name, record);
  }
  return {
    records: () => [...records.values()].sort((a, b) => a.seenAt - b.seenAt),
    add: ({ nodeId, organisation, first, second }) => {
      const proof = { genesisHash, nodeId, first: encodePbftMessage(first), second: encodePbftMessage(second) };
      const verified = verifyMisbehaviour(suite, proof);
      if (!verified.ok) return undefined;
      const { kind, term, view, height } = verified.value;
      const name = `${kind}-t${term}-v${view ?? 'any'}-h${height ?? 'any'}-${nodeId.slice(0, 16)}.json`;
      if (records.has(name) || records.size >= RECORD_COUNT_MAX) return undefined;
      const record: MisbehaviourRecord = {
        format: MISBEHAVIOUR_FORMAT,
        genesisHash: `0x${genesisHash}`,
        nodeId,
        organisation: organisation ?? null,
        kind,
        term,
        view: view ?? null,
        height: height ?? null,
        seenAt: options.now(),
        first: `0x${bytesToHex(proof.first)}`,
        second: `0x${bytesToHex(proof.second)}`,
      };
      const file = join(directory, name);
      writeFileSync(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`);
      renameSync(`${file}.new`, file);
      records.set(name, record);
      return file;
    },
  };
}

/** What a file claims, unchecked. Undefined: it has not the form. */
function readRecord(text: string): MisbehaviourRecord | undefined {
  if (text.length > FILE_SIZE_MAX) return undefined;
  try {
    const value = JSON.parse(text) as Partial<MisbehaviourRecord> | null;
    return value?.format === MISBEHAVIOUR_FORMAT && parseMisbehaviour(value) !== undefined
      ? (value as MisbehaviourRecord)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The proof in a file or an answer of `hansa_getMisbehaviour`. Undefined: it has not the form. */
export function parseMisbehaviour(value: unknown): MisbehaviourProof | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { genesisHash, nodeId, first, second } = value as Record<string, unknown>;
  const genesis = typeof genesisHash === 'string' ? genesisHash.replace(/^0x/, '') : '';
  const [a, b] = [bytesOf(first), bytesOf(second)];
  if (!isHashHex(genesis) || typeof nodeId !== 'string' || !isNodeId(nodeId)) return undefined;
  if (a === undefined || b === undefined) return undefined;
  return { genesisHash: genesis, nodeId, first: a, second: b };
}

const bytesOf = (value: unknown): Uint8Array | undefined =>
  typeof value === 'string' ? hexToBytes(value.replace(/^0x/, '')) : undefined;

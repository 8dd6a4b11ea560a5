import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ChainError, isNodeId, type NodeId } from '@hansa/primitives';
import { type EntryNode, type Genesis, parseGenesis } from '@hansa/protocol';
import { parseSettings, type Settings } from './config/settings.ts';
import type { NodeErrorCode } from './errors.ts';

/** Where a node keeps what. The names are part of the product: people script against them. */
export type NodePaths = {
  readonly root: string;
  readonly settings: string;
  readonly genesis: string;
  readonly nodeKey: string;
  /** Key of the organisation's admin account, when it was made here. */
  readonly adminKey: string;
  readonly card: string;
  /** Entry nodes of the invite by which the node joined. */
  readonly entries: string;
  readonly data: string;
  readonly ledger: string;
  readonly votes: string;
  readonly poolJournal: string;
  /** Proofs that validators have signed contradicting messages. */
  readonly misbehaviour: string;
  /** Reports of blocks whose result was another one here. */
  readonly divergence: string;
  readonly adminToken: string;
};

export function nodePaths(directory: string): NodePaths {
  const root = resolve(directory);
  const data = join(root, 'data');
  return {
    root,
    settings: join(root, 'hansa.toml'),
    genesis: join(root, 'genesis.json'),
    nodeKey: join(root, 'node.key'),
    adminKey: join(root, 'admin.key'),
    card: join(root, 'node.json'),
    entries: join(root, 'entries.json'),
    data,
    ledger: join(data, 'ledger'),
    votes: join(data, 'votes'),
    poolJournal: join(data, 'pool.journal'),
    misbehaviour: join(data, 'misbehaviour'),
    divergence: join(data, 'divergence'),
    adminToken: join(data, 'admin.token'),
  };
}

const failure = (code: NodeErrorCode, message: string, remedy: string, cause?: unknown): ChainError<NodeErrorCode> =>
  new ChainError<NodeErrorCode>({ code, message, remedy }, { cause });

/** @throws ChainError NODE_CONFIG_UNREADABLE or NODE_CONFIG_INVALID */
export function readSettings(paths: NodePaths): Settings {
  if (!existsSync(paths.settings)) {
    throw failure(
      'NODE_CONFIG_UNREADABLE',
      `${paths.root} is no node directory: hansa.toml is missing`,
      'make one by `hansa init --dir DIR --org NAME`, or name the right one with --dir',
    );
  }
  return parseSettings(readFileSync(paths.settings, 'utf8'), paths.settings);
}

/** @throws ChainError NODE_GENESIS_MISSING or NODE_GENESIS_INVALID */
export function readGenesis(file: string): Genesis {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw failure(
      'NODE_GENESIS_MISSING',
      `the genesis file ${file} cannot be read`,
      'make it by `hansa genesis create`, or copy the one that the consortium agreed on',
      cause,
    );
  }
  const parsed = parseGenesis(text);
  if (!parsed.ok) {
    throw failure(
      'NODE_GENESIS_INVALID',
      `${file}: ${parsed.error.message}`,
      parsed.error.remedy ?? 'ask a member for the genesis file again',
    );
  }
  return parsed.value;
}

/** Writes a secret (token, key) readable by its owner only. */
export function writeSecret(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 });
  chmodSync(file, 0o600);
}

export function makeDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
}

/** What an organisation hands over so that others can put its node into a genesis. Holds no secret. */
export type NodeCard = {
  readonly organisation: string;
  readonly organisationName: string;
  /** Whom to call or write to. Cards of older programs have none. */
  readonly contact?: string;
  readonly nodeId: NodeId;
  readonly addresses: readonly string[];
  readonly admins: readonly string[];
};

/** Empty for a node that was not invited. @throws ChainError NODE_CONFIG_INVALID */
export function readEntries(file: string): readonly EntryNode[] {
  if (!existsSync(file)) return [];
  const entries = parseJson(readFileSync(file, 'utf8'));
  if (!Array.isArray(entries) || !entries.every(isEntry))
    throw failure(
      'NODE_CONFIG_INVALID',
      `${file} is no list of {"nodeId", "address"}`,
      'remove it: it is only needed until the node is synced for the first time',
    );
  return entries;
}

export function writeEntries(file: string, entries: readonly EntryNode[]): void {
  writeFileSync(file, `${JSON.stringify(entries, undefined, 2)}\n`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is EntryNode {
  const { nodeId, address } = (value ?? {}) as Partial<Record<keyof EntryNode, unknown>>;
  return typeof nodeId === 'string' && isNodeId(nodeId) && typeof address === 'string';
}

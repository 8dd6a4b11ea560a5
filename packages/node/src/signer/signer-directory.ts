/** The directory of a signer: key, record, socket (docs/spec/signer.md, SGN-2). */
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { CryptoSuite } from '@hansa/crypto';
import { ChainError, fromHex, type HashHex, type NodeId } from '@hansa/primitives';
import { openVoteFile, type VoteFile } from '../consensus/vote-file.ts';
import type { NodeErrorCode } from '../errors.ts';
import { createSignerStore, openSignerStore, type SignerStore } from './signer-store.ts';

const OWNER_TAG = 'hansa/signer-record/v1';
const COPIES = ['a.votes', 'b.votes'];

export type SignerPaths = {
  readonly root: string;
  readonly key: string;
  /** Folder of the record. */
  readonly signed: string;
  readonly socket: string;
};

export function signerPaths(directory: string): SignerPaths {
  const root = resolve(directory);
  return { root, key: join(root, 'node.key'), signed: join(root, 'signed'), socket: join(root, 'signer.sock') };
}

const random = (): number => randomBytes(4).readUInt32BE(0);

/**
 * An empty record for a key that this signer has never signed with. What was there before is set aside, never removed.
 * Durable when completed.
 */
export async function createRecord(paths: SignerPaths, suite: CryptoSuite, nodeId: NodeId): Promise<void> {
  if (existsSync(paths.signed)) renameSync(paths.signed, `${paths.signed}.${Date.now()}`);
  mkdirSync(paths.signed, { recursive: true, mode: 0o700 });
  const options = { owner: ownerOf(suite, nodeId), random, randomId: () => randomBytes(16).toString('hex') };
  await createSignerStore(copiesIn(paths), options);
  for (const folder of [paths.signed, paths.root, dirname(paths.root)]) syncFolder(folder);
}

/** @throws ChainError SIGNER_RECORD_LOST */
export async function openRecord(
  paths: SignerPaths,
  suite: CryptoSuite,
  nodeId: NodeId,
): Promise<{ readonly store: SignerStore; readonly notes: readonly string[] }> {
  const opened = openSignerStore(copiesIn(paths), { owner: ownerOf(suite, nodeId), random });
  await opened.store.begin();
  return opened;
}

/** Moves a key file, encrypted or not: there is never a second one that is whole and older. */
export function moveKey(from: string, to: string): void {
  if (existsSync(to)) {
    throw new ChainError<NodeErrorCode>({
      code: 'NODE_DIRECTORY_EXISTS',
      message: `${to} is there already`,
      remedy: 'choose another --dir; nothing was changed',
    });
  }
  try {
    renameSync(from, to);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EXDEV') throw cause;
    throw new ChainError<NodeErrorCode>(
      {
        code: 'CLI_USAGE',
        message: `${from} and ${dirname(to)} are on different disks`,
        remedy: `move the key by hand (mode 0600) to ${to}, then run the command without --node`,
      },
      { cause },
    );
  }
  for (const folder of [dirname(to), dirname(from)]) syncFolder(folder);
}

const ownerOf = (suite: CryptoSuite, nodeId: NodeId): HashHex => suite.taggedDigest(OWNER_TAG, fromHex(nodeId));

const copiesIn = (paths: SignerPaths): VoteFile[] => COPIES.map((name) => openVoteFile(join(paths.signed, name)));

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

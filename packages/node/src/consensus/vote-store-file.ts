/** The vote store of a node directory (VS-1): `data/votes/a.votes` and `b.votes`, mode 0600 in a folder of mode 0700. */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { HashHex } from '@hansa/primitives';
import { openVoteFile, type VoteFile } from './vote-file.ts';
import { UNBOUND_OWNER } from './vote-log.ts';
import {
  createVoteStore as createStore,
  type OpenedVoteStore,
  openVoteStore as openStore,
  replaceLostVoteStore as replaceStore,
  type VoteStore,
} from './vote-store.ts';

const COPIES = ['a.votes', 'b.votes'];
const random = (): number => randomBytes(4).readUInt32BE(0);

/**
 * The empty store of a new member, for `hansa init` and `join`; it is bound to key and chain at the first start. Durable
 * when it returns.
 * @throws VoteStoreError VOTE_STORE_EXISTS: a vote store is never overwritten
 */
export function createVoteStore(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const files = COPIES.map((name) => ({ ...openVoteFile(join(directory, name)), ...newFile(join(directory, name)) }));
  void createStore(files, { owner: UNBOUND_OWNER, random });
  syncFolder(directory);
  syncFolder(dirname(directory));
}

/** Reads the store of a directory; `begin()` and `replica config.incarnation` come next. */
export function openVoteStore(directory: string, owner: HashHex): OpenedVoteStore {
  return openStore(copiesIn(directory), { owner, random });
}

/** `--rebuild`: a store that votes on nothing until a quorum has told how far the chain had come (spec PBFT-T3). */
export function replaceLostVoteStore(directory: string, owner: HashHex): VoteStore {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return replaceStore(copiesIn(directory), { owner, random });
}

function copiesIn(directory: string): VoteFile[] {
  return COPIES.map((name) => openVoteFile(join(directory, name)));
}

/** Nothing is there yet, so that a plain synchronous write is atomic enough: `init` is repeated after a crash. */
function newFile(path: string): Pick<VoteFile, 'replace'> {
  return {
    replace(bytes) {
      const descriptor = openSync(path, 'wx', 0o600);
      try {
        for (let from = 0; from < bytes.length; ) from += writeSync(descriptor, bytes, from);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      return undefined;
    },
  };
}

function syncFolder(directory: string): void {
  const folder = openSync(directory, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

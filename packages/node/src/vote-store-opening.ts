import { existsSync, readdirSync } from 'node:fs';
import type { CryptoSuite } from '@hansa/crypto';
import { ChainError, concatBytes, fromHex, type HashHex, type NodeId } from '@hansa/primitives';
import type { VoteStore } from './consensus/vote-store.ts';
import { openVoteStore, replaceLostVoteStore } from './consensus/vote-store-file.ts';
import type { NodeErrorCode } from './errors.ts';
import type { Logger } from './logger.ts';

const OWNER_TAG = 'hansa/vote-store/v1';

export type VoteStoreOpening = {
  readonly directory: string;
  readonly suite: CryptoSuite;
  readonly genesisHash: HashHex;
  readonly nodeId: NodeId;
  readonly isRebuild: boolean;
  readonly logger: Logger;
};

/**
 * The vote store of this key and chain, with a new incarnation number on disk (spec PBFT-T3). A store that cannot vouch
 * for all that was ever sent is not used, unless the operator says so: then nothing is voted on until a quorum has told
 * how far the chain has come.
 * @throws ChainError NODE_VOTE_STORE_LOST
 */
export async function openVotes(opening: VoteStoreOpening): Promise<VoteStore> {
  const { directory, suite, genesisHash, nodeId, isRebuild, logger } = opening;
  const owner = suite.taggedDigest(OWNER_TAG, concatBytes(fromHex(genesisHash), fromHex(nodeId)));
  const isThere = existsSync(directory) && readdirSync(directory).length > 0;
  const opened = isThere ? openVoteStore(directory, owner) : undefined;
  let store: VoteStore;
  if (opened?.state === 'intact') {
    for (const note of opened.notes) logger.warn(note);
    store = opened.store;
  } else {
    const message =
      opened === undefined
        ? `the vote store ${directory} is missing`
        : `the vote store ${directory} cannot be trusted: ${opened.loss.detail}`;
    if (!isRebuild) {
      throw new ChainError<NodeErrorCode>({
        code: 'NODE_VOTE_STORE_LOST',
        message,
        remedy:
          'if this directory was never copied or restored, `hansa start --rebuild` makes a new one; the node votes again when a quorum has told how far the chain has come',
      });
    }
    logger.warn(`${message}; a new one is made, and this node votes when a quorum has answered`);
    store = replaceLostVoteStore(directory, owner);
  }
  await store.begin();
  return store;
}

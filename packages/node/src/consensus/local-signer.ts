import type { CryptoSuite } from '@hansa/crypto';
import type { HashHex } from '@hansa/primitives';
import { incarnationSigningDigest, pbftSigningDigest } from '@hansa/protocol';
import type { ConsensusDigests, VoteSigner } from './ports.ts';

export type SigningDigests = Pick<ConsensusDigests, 'signingDigest' | 'incarnationDigest'>;

/** What a validator of this chain signs. */
export function createSigningDigests(suite: CryptoSuite, genesisHash: HashHex): SigningDigests {
  return {
    signingDigest: (message) =>
      pbftSigningDigest(suite, genesisHash, message as Parameters<typeof pbftSigningDigest>[2]),
    incarnationDigest: (statement) => incarnationSigningDigest(suite, genesisHash, statement),
  };
}

/** Signs with a key of this process, at once: what was signed before is for the vote store to know. */
export function createLocalSigner(digests: SigningDigests, sign: (digest: HashHex) => Uint8Array): VoteSigner {
  return {
    signVotes: ({ votes }, done) => done(votes.map(({ vote }) => sign(digests.signingDigest(vote)))),
    signIncarnation: (statement, done) => done(sign(digests.incarnationDigest(statement))),
    mark: () => undefined,
  };
}

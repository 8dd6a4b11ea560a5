import type { CryptoSuite } from '@hansa/crypto';
import type { VerifyPool } from '../workers/verify-types.ts';
import type { SignatureVerifier } from './ports.ts';

/**
 * So many signatures are checked on the calling thread, in about half a millisecond: to hand them to another thread and
 * to be woken by its answer costs more than to check a few, and each hop of a vote would wait for it. Larger batches (a
 * NEW-VIEW, a large validator set) go to the verify worker, so that consensus never holds up its thread for long.
 */
const INLINE_COUNT_MAX = 8;

export type VoteVerifierDependencies = {
  readonly suite: Pick<CryptoSuite, 'verify'>;
  readonly worker: Pick<VerifyPool, 'verifySignatures'>;
  readonly onFatal: (error: Error) => void;
};

/** Checks the signatures of validators, where it is cheapest. */
export function createVoteVerifier({ suite, worker, onFatal }: VoteVerifierDependencies): SignatureVerifier {
  return {
    verify: (checks, done) => {
      if (checks.length <= INLINE_COUNT_MAX)
        return done(checks.map(({ digest, signature, nodeId }) => suite.verify(digest, signature, nodeId)));
      worker.verifySignatures(checks).then((result) => done(result.ok ? result.value : undefined), onFatal);
    },
  };
}

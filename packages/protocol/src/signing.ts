/**
 * What validators sign (spec FMT-43, FMT-61): H(tag of the kind ‖ genesis hash ‖ u64 term ‖ body). The kind is in the
 * tag, the chain and the group in the genesis hash; the sender is whoever the signature verifies for.
 */
import type { CryptoSuite } from '@hansa/crypto';
import { assertNever, fail, type HashHex, isNodeId, type NodeId, type Result, type Term } from '@hansa/primitives';
import { certificateDigest, signersFault, verifySignatures } from './certificate-codec.ts';
import type { ProtocolFailure } from './errors.ts';
import { incarnationBody, type UnsignedPbftMessage, writeClaimBody, writePbftBody } from './pbft-codec.ts';
import type { IncarnationMessage, PbftMessage, SignedClaim, VoteCertificate } from './pbft-message.ts';
import { TAGS } from './tags.ts';
import type { Validator, ValidatorSet } from './validator-set.ts';
import { Writer } from './writer.ts';

/** One signature to check: over `digest`, by the holder of `nodeId`. */
export type SignatureCheck = { readonly digest: HashHex; readonly signature: Uint8Array; readonly nodeId: NodeId };

const TAG_OF_TYPE: Readonly<Record<UnsignedPbftMessage['type'], string>> = {
  proposal: TAGS.proposalMessage,
  prepare: TAGS.prepare,
  commit: TAGS.commit,
  result: TAGS.result,
  suspect: TAGS.suspect,
  'view-change': TAGS.viewChange,
  'new-view': TAGS.newView,
  status: TAGS.status,
};

/** Digest that the author of a message signs. */
export function pbftSigningDigest(suite: CryptoSuite, genesisHash: HashHex, message: UnsignedPbftMessage): HashHex {
  if (message.type === 'result') return certificateDigest(suite, { genesisHash, ...message });
  const writer = preamble(genesisHash, message.term);
  return suite.taggedDigest(TAG_OF_TYPE[message.type], writePbftBody(writer, message).finish());
}

/** Digest of the signed part of a VIEW-CHANGE, as it is repeated in a NEW-VIEW. */
export function claimSigningDigest(
  suite: CryptoSuite,
  genesisHash: HashHex,
  claim: Pick<SignedClaim, 'term' | 'view' | 'claim'>,
): HashHex {
  return suite.taggedDigest(TAGS.viewChange, writeClaimBody(preamble(genesisHash, claim.term), claim).finish());
}

/** Digest of a PREPARE or COMMIT as it stands in a certificate. */
export function voteSigningDigest(
  suite: CryptoSuite,
  genesisHash: HashHex,
  kind: 'prepare' | 'commit',
  vote: Pick<VoteCertificate, 'term' | 'view' | 'height' | 'digest'>,
): HashHex {
  const writer = preamble(genesisHash, vote.term).u64(vote.view).u64(vote.height).hex(vote.digest, 32);
  return suite.taggedDigest(TAG_OF_TYPE[kind], writer.finish());
}

/** Signed under term 0, valid in every term (spec FMT-70). */
export function incarnationSigningDigest(
  suite: CryptoSuite,
  genesisHash: HashHex,
  statement: Omit<IncarnationMessage, 'signature'>,
): HashHex {
  return suite.taggedDigest(
    TAGS.incarnation,
    preamble(genesisHash, 0 as Term)
      .raw(incarnationBody(statement))
      .finish(),
  );
}

export function verifyIncarnation(suite: CryptoSuite, genesisHash: HashHex, statement: IncarnationMessage): boolean {
  return (
    isNodeId(statement.nodeId) &&
    suite.verify(incarnationSigningDigest(suite, genesisHash, statement), statement.signature, statement.nodeId)
  );
}

/** Whether a quorum of `validators`, the set of the certificate's term, sent this vote. */
export function verifyVoteCertificate(
  suite: CryptoSuite,
  claim: {
    readonly genesisHash: HashHex;
    readonly validators: ValidatorSet;
    readonly kind: 'prepare' | 'commit';
    readonly certificate: VoteCertificate;
  },
): Result<true, ProtocolFailure> {
  const { genesisHash, validators, kind, certificate } = claim;
  const fault = signersFault(validators, certificate.signatures);
  if (fault !== undefined) return fail(fault);
  const digest = voteSigningDigest(suite, genesisHash, kind, certificate);
  return verifySignatures(suite, digest, validators, certificate.signatures);
}

/**
 * All signatures of a message, those of its claims and certificates included; the message is authentic when each of
 * them verifies. `validators`: the set of the message's term. Undefined when no signature could make it right: an
 * unknown sender, a certificate without a quorum, of another term, or not for its claim.
 */
export function signaturesOf(
  suite: CryptoSuite,
  genesisHash: HashHex,
  validators: ValidatorSet,
  message: PbftMessage,
): readonly SignatureCheck[] | undefined {
  switch (message.type) {
    case 'prepared-certificate':
      return certificateChecks(suite, genesisHash, validators, { kind: 'prepare', certificate: message.certificate });
    case 'commit-certificate':
      return certificateChecks(suite, genesisHash, validators, { kind: 'commit', certificate: message.certificate });
    case 'proposal':
    case 'prepare':
    case 'commit':
    case 'result':
    case 'suspect':
    case 'status':
      return ownCheck(suite, genesisHash, validators, message);
    case 'view-change': {
      if ((message.claim === undefined) !== (message.certificate === undefined)) return undefined;
      const { claim, certificate } = message;
      if (claim !== undefined && certificate !== undefined && !isSameClaim(claim, certificate)) return undefined;
      return withCertificate(
        ownCheck(suite, genesisHash, validators, message),
        suite,
        genesisHash,
        validators,
        message,
      );
    }
    case 'new-view': {
      const own = ownCheck(suite, genesisHash, validators, message);
      const claims = message.claims.map((claim) => claimCheck(suite, genesisHash, validators, claim));
      if (own === undefined || message.claims.some((claim) => claim.term !== message.term)) return undefined;
      const known = claims.filter((check) => check !== undefined);
      if (known.length !== claims.length) return undefined;
      return withCertificate([...own, ...known], suite, genesisHash, validators, message);
    }
    default:
      return assertNever(message);
  }
}

function ownCheck(
  suite: CryptoSuite,
  genesisHash: HashHex,
  validators: ValidatorSet,
  message: UnsignedPbftMessage & { readonly signature: Uint8Array },
): readonly SignatureCheck[] | undefined {
  const author: Validator | undefined = validators[message.sender];
  if (author === undefined) return undefined;
  const digest = pbftSigningDigest(suite, genesisHash, message);
  return [{ digest, signature: message.signature, nodeId: author.nodeId }];
}

function claimCheck(
  suite: CryptoSuite,
  genesisHash: HashHex,
  validators: ValidatorSet,
  claim: SignedClaim,
): SignatureCheck | undefined {
  const author: Validator | undefined = validators[claim.sender];
  if (author === undefined) return undefined;
  return { digest: claimSigningDigest(suite, genesisHash, claim), signature: claim.signature, nodeId: author.nodeId };
}

function withCertificate(
  checks: readonly SignatureCheck[] | undefined,
  suite: CryptoSuite,
  genesisHash: HashHex,
  validators: ValidatorSet,
  message: { readonly term: Term; readonly certificate: VoteCertificate | undefined },
): readonly SignatureCheck[] | undefined {
  const { certificate } = message;
  if (checks === undefined || certificate === undefined) return checks;
  if (certificate.term !== message.term) return undefined;
  const more = certificateChecks(suite, genesisHash, validators, { kind: 'prepare', certificate });
  return more === undefined ? undefined : [...checks, ...more];
}

function certificateChecks(
  suite: CryptoSuite,
  genesisHash: HashHex,
  validators: ValidatorSet,
  votes: { readonly kind: 'prepare' | 'commit'; readonly certificate: VoteCertificate },
): readonly SignatureCheck[] | undefined {
  const { kind, certificate } = votes;
  if (signersFault(validators, certificate.signatures) !== undefined) return undefined;
  const digest = voteSigningDigest(suite, genesisHash, kind, certificate);
  return certificate.signatures.map(({ index, signature }) => ({
    digest,
    signature,
    nodeId: (validators[index] as Validator).nodeId,
  }));
}

function isSameClaim(
  a: { readonly view: number; readonly height: number; readonly digest: HashHex },
  b: { readonly view: number; readonly height: number; readonly digest: HashHex },
): boolean {
  return a.view === b.view && a.height === b.height && a.digest === b.digest;
}

function preamble(genesisHash: HashHex, term: Term): Writer {
  return new Writer(256).hex(genesisHash, 32).u64(term);
}

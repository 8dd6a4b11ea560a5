/** Signatures of messages: the only place that makes `Verified` messages and signs `ApprovedVote`s. */
import type { ApprovedVote } from '@hansa/consensus';
import type { NodeId, Term } from '@hansa/primitives';
import type { Certificate, PbftMessage, SignedClaim, ValidatorSet, Verified, VoteCertificate } from '@hansa/protocol';
import type { ConsensusDigests, SignatureCheck } from './ports.ts';

/** Term that a message belongs to. */
export function termOf(message: PbftMessage): Term {
  return message.type === 'prepared-certificate' || message.type === 'commit-certificate'
    ? message.certificate.term
    : message.term;
}

/**
 * All signatures that vouch for a message, embedded certificates and claims included; `undefined` when it names somebody
 * who is not in the set. Whether weights suffice and claims fit is for the replica to say.
 */
export function signatureChecks(
  message: PbftMessage,
  validators: ValidatorSet,
  digests: ConsensusDigests,
): readonly SignatureCheck[] | undefined {
  const collector = new CheckCollector(validators, digests);
  switch (message.type) {
    case 'prepared-certificate':
      collector.certificate(message.certificate, 'prepare');
      break;
    case 'commit-certificate':
      collector.certificate(message.certificate, 'commit');
      break;
    case 'view-change':
      collector.claim(message);
      if (message.certificate !== undefined) collector.certificate(message.certificate, 'prepare');
      break;
    case 'new-view':
      collector.message(message);
      for (const claim of message.claims) collector.claim(claim);
      if (message.certificate !== undefined) collector.certificate(message.certificate, 'prepare');
      break;
    default:
      collector.message(message);
  }
  return collector.result;
}

/** Signatures of a final certificate over RESULT; `undefined` when it names somebody who is not in the set. */
export function finalCertificateChecks(
  certificate: Certificate,
  signers: { readonly term: Term; readonly validators: ValidatorSet },
  digests: ConsensusDigests,
): readonly SignatureCheck[] | undefined {
  const checks: SignatureCheck[] = [];
  for (const { index, signature } of certificate.signatures) {
    const nodeId = signers.validators[index]?.nodeId;
    if (nodeId === undefined) return undefined;
    const { height, blockHash } = certificate;
    const digest = digests.signingDigest({ type: 'result', term: signers.term, sender: index, height, blockHash });
    checks.push({ digest, signature, nodeId });
  }
  return checks;
}

/** To be called when every check of `signatureChecks` was answered with true, or for messages of this process. */
export function asVerified(message: PbftMessage): Verified<PbftMessage> {
  return message as Verified<PbftMessage>;
}

/** A vote that the safety rules approved, and its signature, made when everything that it depends on was durable. */
export function signedVote(vote: ApprovedVote, signature: Uint8Array): Verified<PbftMessage> {
  return asVerified({ ...vote, signature } as PbftMessage);
}

class CheckCollector {
  readonly #checks: SignatureCheck[] = [];
  readonly #validators: ValidatorSet;
  readonly #digests: ConsensusDigests;
  #isComplete = true;

  constructor(validators: ValidatorSet, digests: ConsensusDigests) {
    this.#validators = validators;
    this.#digests = digests;
  }

  get result(): readonly SignatureCheck[] | undefined {
    return this.#isComplete ? this.#checks : undefined;
  }

  message(message: Extract<PbftMessage, { signature: Uint8Array }>): void {
    this.#add(message.sender, message.signature, () => this.#digests.signingDigest(message));
  }

  claim(claim: SignedClaim): void {
    const { term, sender, view, signature } = claim;
    this.#add(sender, signature, () =>
      this.#digests.signingDigest({
        type: 'view-change',
        term,
        sender,
        view,
        claim: claim.claim,
        certificate: undefined,
      }),
    );
  }

  certificate(certificate: VoteCertificate, type: 'prepare' | 'commit'): void {
    const first = certificate.signatures[0];
    if (first === undefined) {
      this.#isComplete = false;
      return;
    }
    const { term, view, height, digest } = certificate;
    // All sign the same bytes: the sender is not part of them.
    const signed = this.#digests.signingDigest({ type, term, sender: first.index, view, height, digest });
    for (const { index, signature } of certificate.signatures) this.#add(index, signature, () => signed);
  }

  #add(index: number, signature: Uint8Array, digest: () => SignatureCheck['digest']): void {
    const nodeId: NodeId | undefined = this.#validators[index]?.nodeId;
    if (nodeId === undefined) this.#isComplete = false;
    if (!this.#isComplete || nodeId === undefined) return;
    this.#checks.push({ digest: digest(), signature, nodeId });
  }
}

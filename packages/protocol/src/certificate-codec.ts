import type { CryptoSuite } from '@hansa/crypto';
import { fail, type HashHex, type Height, ok, type Result, type Term, type ValidatorIndex } from '@hansa/primitives';
import type { Certificate } from './block.ts';
import type { ProtocolErrorCode, ProtocolFailure } from './errors.ts';
import { VALIDATOR_COUNT_MAX } from './limits.ts';
import type { VoteSignature } from './pbft-message.ts';
import { quorumWeight, totalWeight } from './quorum.ts';
import { Reader } from './reader.ts';
import { TAGS } from './tags.ts';
import type { ValidatorSet } from './validator-set.ts';
import { Writer } from './writer.ts';

/** spec FMT-42. */
export function encodeCertificate(certificate: Certificate): Uint8Array {
  const writer = new Writer(48 + 68 * certificate.signatures.length);
  return writeSignatures(
    writer.u64(certificate.height).hex(certificate.blockHash, 32),
    certificate.signatures,
  ).finish();
}

export function decodeCertificate(bytes: Uint8Array): Result<Certificate, ProtocolFailure> {
  const reader = new Reader(bytes, 'certificate');
  return reader.finish({ height: reader.height(), blockHash: reader.hash(), signatures: readSignatures(reader) });
}

/** What a RESULT signs (spec FMT-43): the preamble of every signature, u64 height and the block hash. */
export function certificateDigest(
  suite: CryptoSuite,
  result: {
    readonly genesisHash: HashHex;
    readonly term: Term;
    readonly height: Height;
    readonly blockHash: HashHex;
  },
): HashHex {
  const bytes = new Writer(80)
    .hex(result.genesisHash, 32)
    .u64(result.term)
    .u64(result.height)
    .hex(result.blockHash, 32)
    .finish();
  return suite.taggedDigest(TAGS.result, bytes);
}

/**
 * Whether a quorum of `validators`, the set of `term`, signed this certificate's block (spec FMT-44). Compare height and
 * block hash with the block at hand; that is not done here.
 */
export function verifyCertificate(
  suite: CryptoSuite,
  claim: {
    readonly genesisHash: HashHex;
    readonly term: Term;
    readonly validators: ValidatorSet;
    readonly certificate: Certificate;
  },
): Result<true, ProtocolFailure> {
  const { genesisHash, term, validators, certificate } = claim;
  const fault = signersFault(validators, certificate.signatures);
  if (fault !== undefined) return fail(fault);
  const digest = certificateDigest(suite, {
    genesisHash,
    term,
    height: certificate.height,
    blockHash: certificate.blockHash,
  });
  return verifySignatures(suite, digest, validators, certificate.signatures);
}

/** The rules of every certificate except the signatures themselves: who signed, in which order, with which weight. */
export function signersFault(
  validators: ValidatorSet,
  signatures: readonly VoteSignature[],
): ProtocolFailure | undefined {
  let previous = -1;
  let weight = 0;
  for (const { index } of signatures) {
    const validator = validators[index];
    if (validator === undefined) {
      return failure('UNKNOWN_SIGNER', `validator ${index} signed, the term has ${validators.length} validators`);
    }
    if (index <= previous) return failure('ORDER', `signature of validator ${index} follows that of ${previous}`);
    previous = index;
    weight += validator.weight;
  }
  const needed = validators.length === 0 ? Number.POSITIVE_INFINITY : quorumWeight(totalWeight(validators));
  return weight < needed ? failure('NO_QUORUM', `weight ${weight} has signed, ${needed} is needed`) : undefined;
}

/** Every signature must be good: one that is not makes the certificate a forgery, however many others there are. */
export function verifySignatures(
  suite: CryptoSuite,
  digest: HashHex,
  validators: ValidatorSet,
  signatures: readonly VoteSignature[],
): Result<true, ProtocolFailure> {
  for (const { index, signature } of signatures) {
    const validator = validators[index];
    if (validator === undefined || !suite.verify(digest, signature, validator.nodeId)) {
      return fail(failure('BAD_SIGNATURE', `the signature of validator ${index} is wrong`));
    }
  }
  return ok(true);
}

function failure(reason: 'UNKNOWN_SIGNER' | 'ORDER' | 'NO_QUORUM' | 'BAD_SIGNATURE', message: string): ProtocolFailure {
  const code: ProtocolErrorCode = `PROTOCOL_CERTIFICATE_${reason}`;
  return { code, message: `certificate: ${message}` };
}

export function writeSignatures(writer: Writer, signatures: readonly VoteSignature[]): Writer {
  return writer.list(signatures, (w, { index, signature }) => writeSignature(w.u32(index), signature));
}

/** 64 bytes r ‖ s. */
export function writeSignature(writer: Writer, signature: Uint8Array): Writer {
  return writer.fixed(signature, 64);
}

export function readSignatures(reader: Reader): VoteSignature[] {
  let previous = -1;
  return reader.list(VALIDATOR_COUNT_MAX, (r) => {
    const index = r.u32() as ValidatorIndex;
    if (index <= previous) r.fail('PROTOCOL_NOT_CANONICAL', 'signatures must ascend by validator index');
    previous = index;
    return { index, signature: r.raw(64) };
  });
}

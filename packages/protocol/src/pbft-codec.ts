import type { CryptoSuite } from '@hansa/crypto';
import { assertNever, fromHex, type Result, type ValidatorIndex, ZERO_HASH } from '@hansa/primitives';
import { readSignatures, writeSignature, writeSignatures } from './certificate-codec.ts';
import type { ProtocolFailure } from './errors.ts';
import { VALIDATOR_COUNT_MAX } from './limits.ts';
import type {
  Claim,
  CommitCertificateMessage,
  IncarnationMessage,
  PbftMessage,
  PreparedCertificateMessage,
  SignedClaim,
  VoteCertificate,
} from './pbft-message.ts';
import { proposalDigest, readProposal, writeProposal } from './proposal-codec.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** First byte of a message (spec FMT-60). The position is the number. */
const KINDS = [
  'proposal',
  'prepare',
  'commit',
  'result',
  'suspect',
  'view-change',
  'new-view',
  'status',
  'prepared-certificate',
  'commit-certificate',
] as const satisfies readonly PbftMessage['type'][];

type SignedMessage = Exclude<PbftMessage, PreparedCertificateMessage | CommitCertificateMessage>;
type Unsigned<T> = T extends unknown ? Omit<T, 'signature'> : never;
/** A message of a validator, signed or not yet. */
export type UnsignedPbftMessage = Unsigned<SignedMessage>;

/** spec FMT-60 to FMT-69. */
export function encodePbftMessage(message: PbftMessage): Uint8Array {
  const writer = new Writer().u8(KINDS.indexOf(message.type));
  if (message.type === 'prepared-certificate' || message.type === 'commit-certificate') {
    return writeVoteCertificate(writer, message.certificate).finish();
  }
  writePbftBody(writer.u64(message.term).u32(message.sender), message);
  writeSignature(writer, message.signature);
  if (message.type === 'view-change' || message.type === 'new-view')
    writer.maybe(message.certificate, writeVoteCertificate);
  return writer.finish();
}

/** The digest of a proposal is computed here, so that nobody can claim another. Signatures are not checked. */
export function decodePbftMessage(suite: CryptoSuite, bytes: Uint8Array): Result<PbftMessage, ProtocolFailure> {
  const reader = new Reader(bytes, 'consensus message');
  const code = reader.u8();
  const type = KINDS[code];
  if (type === undefined) {
    reader.fail('PROTOCOL_UNKNOWN_KIND', `kind ${code} is unknown`);
    return reader.finish<never>(undefined as never);
  }
  if (type === 'prepared-certificate' || type === 'commit-certificate') {
    return reader.finish({ type, certificate: readVoteCertificate(reader) });
  }
  return reader.finish(readSignedMessage(suite, reader, type));
}

/** The part of a message that its author signs, after the preamble (spec FMT-61). */
export function writePbftBody(writer: Writer, message: UnsignedPbftMessage): Writer {
  switch (message.type) {
    case 'proposal':
      return writeProposal(writer.u64(message.view), message.proposal);
    case 'prepare':
    case 'commit':
      return writer.u64(message.view).u64(message.height).hex(message.digest, 32);
    case 'result':
      return writer.u64(message.height).hex(message.blockHash, 32);
    case 'suspect':
      return writer.u64(message.view).u64(message.decidedHeight);
    case 'view-change':
      return writeClaimBody(writer, message);
    case 'new-view':
      return writer.u64(message.view).list(message.claims, writeSignedClaim);
    case 'status':
      return writer
        .u64(message.view)
        .boolean(message.changing)
        .u64(message.stableHeight)
        .u64(message.decidedHeight)
        .u64(message.preparedHeight)
        .u64(message.incarnation)
        .hex(message.instance, 16);
    default:
      return assertNever(message);
  }
}

/** Body of a VIEW-CHANGE: the same bytes alone and within a NEW-VIEW. */
export function writeClaimBody(writer: Writer, claim: Pick<SignedClaim, 'view' | 'claim'>): Writer {
  return writer.u64(claim.view).maybe(claim.claim, writeClaim);
}

/** spec FMT-62. */
export function encodeVoteCertificate(certificate: VoteCertificate): Uint8Array {
  return writeVoteCertificate(new Writer(64 + 68 * certificate.signatures.length), certificate).finish();
}

export function decodeVoteCertificate(bytes: Uint8Array): Result<VoteCertificate, ProtocolFailure> {
  const reader = new Reader(bytes, 'vote certificate');
  return reader.finish(readVoteCertificate(reader));
}

/** spec FMT-70. */
export function encodeIncarnation(message: IncarnationMessage): Uint8Array {
  return writeSignature(new Writer().raw(incarnationBody(message)), message.signature).finish();
}

export function decodeIncarnation(bytes: Uint8Array): Result<IncarnationMessage, ProtocolFailure> {
  const reader = new Reader(bytes, 'incarnation');
  return reader.finish({
    type: 'incarnation',
    nodeId: reader.nodeId(),
    incarnation: reader.u64(),
    instance: reader.hex(16),
    signature: reader.raw(64),
  });
}

/** The part of an incarnation statement that its author signs. */
export function incarnationBody(message: Omit<IncarnationMessage, 'signature'>): Uint8Array {
  return new Writer(88).hex(message.nodeId, 64).u64(message.incarnation).fixed(fromHex(message.instance), 16).finish();
}

function readSignedMessage(suite: CryptoSuite, reader: Reader, type: SignedMessage['type']): PbftMessage {
  const head = { term: reader.term(), sender: reader.validatorIndex() };
  switch (type) {
    case 'proposal': {
      const view = reader.view();
      const proposal = readProposal(reader);
      const signature = reader.raw(64);
      // Of something that is not well formed the digest does not matter.
      const digest = reader.failed ? ZERO_HASH : proposalDigest(suite, proposal);
      return { type, ...head, view, proposal, digest, signature };
    }
    case 'prepare':
    case 'commit':
      return { type, ...head, ...readClaim(reader), signature: reader.raw(64) };
    case 'result':
      return { type, ...head, height: reader.height(), blockHash: reader.hash(), signature: reader.raw(64) };
    case 'suspect':
      return { type, ...head, view: reader.view(), decidedHeight: reader.height(), signature: reader.raw(64) };
    case 'view-change': {
      const body = { view: reader.view(), claim: reader.maybe(readClaim), signature: reader.raw(64) };
      return { type, ...head, ...body, certificate: reader.maybe(readVoteCertificate) };
    }
    case 'new-view': {
      const body = { view: reader.view(), claims: readClaims(reader), signature: reader.raw(64) };
      return { type, ...head, ...body, certificate: reader.maybe(readVoteCertificate) };
    }
    case 'status':
      return {
        type,
        ...head,
        view: reader.view(),
        changing: reader.boolean(),
        stableHeight: reader.height(),
        decidedHeight: reader.height(),
        preparedHeight: reader.height(),
        incarnation: reader.u64(),
        instance: reader.hex(16),
        signature: reader.raw(64),
      };
    default:
      return assertNever(type);
  }
}

function writeClaim(writer: Writer, claim: Claim): Writer {
  return writer.u64(claim.view).u64(claim.height).hex(claim.digest, 32);
}

function readClaim(reader: Reader): Claim {
  return { view: reader.view(), height: reader.height(), digest: reader.hash() };
}

function writeSignedClaim(writer: Writer, claim: SignedClaim): void {
  writeSignature(writeClaimBody(writer.u64(claim.term).u32(claim.sender), claim), claim.signature);
}

function readClaims(reader: Reader): readonly SignedClaim[] {
  let previous = -1;
  return reader.list(VALIDATOR_COUNT_MAX, (r) => {
    const term = r.term();
    const sender: ValidatorIndex = r.validatorIndex();
    if (sender <= previous) r.fail('PROTOCOL_NOT_CANONICAL', 'claims must ascend by sender');
    previous = sender;
    return { term, sender, view: r.view(), claim: r.maybe(readClaim), signature: r.raw(64) };
  });
}

function writeVoteCertificate(writer: Writer, certificate: VoteCertificate): Writer {
  return writeSignatures(writeClaim(writer.u64(certificate.term), certificate), certificate.signatures);
}

function readVoteCertificate(reader: Reader): VoteCertificate {
  return { term: reader.term(), ...readClaim(reader), signatures: readSignatures(reader) };
}

import type { Brand, HashHex, Height, Term, ValidatorIndex, View } from '@hansa/primitives';
import type { Proposal } from './block.ts';

/** Fields of every signed message. The signature is over H(tag(kind) ‖ genesisHash ‖ u64 term ‖ body), 64 bytes. */
type Signed = { readonly term: Term; readonly sender: ValidatorIndex; readonly signature: Uint8Array };

export type ProposalMessage = Signed & {
  readonly type: 'proposal';
  readonly view: View;
  readonly proposal: Proposal;
  /** Digest of `proposal`, computed by the decoder, not sent. */
  readonly digest: HashHex;
};
export type PrepareMessage = Signed & {
  readonly type: 'prepare';
  readonly view: View;
  readonly height: Height;
  readonly digest: HashHex;
};
export type CommitMessage = Signed & {
  readonly type: 'commit';
  readonly view: View;
  readonly height: Height;
  readonly digest: HashHex;
};
/** Bound to no view: two replicas that decided in different views sign the same bytes. */
export type ResultMessage = Signed & { readonly type: 'result'; readonly height: Height; readonly blockHash: HashHex };
export type SuspectMessage = Signed & { readonly type: 'suspect'; readonly view: View; readonly decidedHeight: Height };

/** The highest prepared certificate that its author has of the term: (view, height, digest). */
export type Claim = { readonly view: View; readonly height: Height; readonly digest: HashHex };
export type VoteSignature = { readonly index: ValidatorIndex; readonly signature: Uint8Array };
/** Quorum of PREPAREs (or COMMITs) for one (term, view, height, digest), by strictly increasing index. */
export type VoteCertificate = Claim & { readonly term: Term; readonly signatures: readonly VoteSignature[] };

/** The signed part of a VIEW-CHANGE, as it is repeated in a NEW-VIEW. */
export type SignedClaim = Signed & { readonly view: View; readonly claim: Claim | undefined };
export type ViewChangeMessage = SignedClaim & {
  readonly type: 'view-change';
  /** Of `claim`; travels beside the signed part. */
  readonly certificate: VoteCertificate | undefined;
};
export type NewViewMessage = Signed & {
  readonly type: 'new-view';
  readonly view: View;
  /** Quorum of claims for exactly this view, by strictly increasing sender. */
  readonly claims: readonly SignedClaim[];
  /** Of the highest claim; not part of the signed body (the claims name its content). */
  readonly certificate: VoteCertificate | undefined;
};
export type StatusMessage = Signed & {
  readonly type: 'status';
  readonly view: View;
  readonly changing: boolean;
  readonly stableHeight: Height;
  readonly decidedHeight: Height;
  /** Highest prepared height, `stableHeight` when none is above it. */
  readonly preparedHeight: Height;
  /** Counts the starts of this validator's vote store. */
  readonly incarnation: number;
  /** Random, 16 bytes in hex, new for each process. */
  readonly instance: string;
};
/** Passed on by anyone; the content proves itself. */
export type PreparedCertificateMessage = {
  readonly type: 'prepared-certificate';
  readonly certificate: VoteCertificate;
};
export type CommitCertificateMessage = { readonly type: 'commit-certificate'; readonly certificate: VoteCertificate };

/** "My vote store is at this incarnation": asks for acknowledgement (T3). Signed under term 0, valid in every term. */
export type IncarnationMessage = {
  readonly type: 'incarnation';
  readonly nodeId: string;
  readonly incarnation: number;
  readonly instance: string;
  readonly signature: Uint8Array;
};

/** Messages that the replica handles. */
export type PbftMessage =
  | ProposalMessage
  | PrepareMessage
  | CommitMessage
  | ResultMessage
  | SuspectMessage
  | ViewChangeMessage
  | NewViewMessage
  | StatusMessage
  | PreparedCertificateMessage
  | CommitCertificateMessage;

/** A message whose signatures (embedded certificates included) were checked. Made by the driver's message-auth and by test kits. */
export type Verified<T> = Brand<T, 'Verified'>;

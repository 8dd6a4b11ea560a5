import type { Brand, HashHex, Height, NodeId, Term, ValidatorIndex, View } from '@hansa/primitives';
import type {
  Certificate,
  CommitMessage,
  NewViewMessage,
  PbftMessage,
  PrepareMessage,
  Proposal,
  ProposalMessage,
  ResultMessage,
  StatusMessage,
  SuspectMessage,
  Verified,
  ViewChangeMessage,
} from '@hansa/protocol';
import type { DurableRecord } from './durable.ts';
import type { PbftStatus } from './status.ts';

type Unsigned<T> = T extends unknown ? Omit<T, 'signature'> : never;

/** A message of this validator before it is signed. */
export type UnsignedPbftMessage = Unsigned<
  | ProposalMessage
  | PrepareMessage
  | CommitMessage
  | ResultMessage
  | SuspectMessage
  | ViewChangeMessage
  | NewViewMessage
  | StatusMessage
>;

/** A message that the safety rules allow. Minted by safety.ts and nowhere else; signing takes nothing else. */
export type ApprovedVote = Brand<UnsignedPbftMessage, 'ApprovedVote'>;

/** `all`: every other validator of the replica's term. */
export type Recipients = 'all' | NodeId;

/** What the operator, `doctor` and the evidence store must learn. Never repeated for one cause. */
export type PbftReport =
  /** Two signed messages of one validator that an honest one never sends both. */
  | {
      readonly type: 'evidence';
      readonly kind: 'proposal' | 'prepare' | 'commit' | 'result' | 'view-change' | 'new-view';
      readonly sender: ValidatorIndex;
      readonly nodeId: NodeId;
      readonly first: PbftMessage;
      readonly second: PbftMessage;
    }
  /** My result differs from a quorum's (spec PBFT-N7). Voting has stopped; the driver compares headers and heals. */
  | {
      readonly type: 'divergence';
      readonly height: Height;
      readonly digest: HashHex;
      readonly ownBlockHash: HashHex;
      readonly quorumBlockHash: HashHex;
      /** Undefined when the block came by sync: its certificate is in the ledger. */
      readonly certificate: Certificate | undefined;
    }
  /** My own execution gave another hash than the RESULT that I signed before. Voting has stopped. */
  | {
      readonly type: 'nondeterminism';
      readonly height: Height;
      readonly signedBlockHash: HashHex;
      readonly newBlockHash: HashHex;
    }
  /** Another process votes with this node's key. Voting has stopped. */
  | { readonly type: 'secondCopy'; readonly detail: string }
  /** Certificates contradict each other: more than F validators are faulty. Voting has stopped. */
  | { readonly type: 'safetyViolation'; readonly rule: string; readonly detail: string }
  /** The vote store was rolled back: a peer holds a statement of a newer incarnation. Voting has stopped. */
  | { readonly type: 'rolledBack'; readonly ownIncarnation: number; readonly seenIncarnation: number }
  /** The vote store is ahead of the ledger: nothing is voted on until sync has brought the ledger there. */
  | { readonly type: 'ledgerBehindVotes'; readonly storeTerm: Term; readonly ledgerTerm: Term }
  /** The primary's proposal cannot be voted on. */
  | {
      readonly type: 'proposalRefused';
      readonly view: View;
      readonly height: Height;
      readonly proposer: ValidatorIndex;
      readonly digest: HashHex;
      readonly reason: string;
    }
  /** A bounded store was full; `what` names it. Nothing that safety needs was dropped. */
  | { readonly type: 'limitReached'; readonly what: string };

/** What the driver must do, in this order within a batch except that every `persist` comes first. */
export type PbftEffect =
  /** MUST be written and synced before any send of this or a later step starts. A write error MUST stop the process. */
  | { readonly type: 'persist'; readonly record: DurableRecord }
  /** MUST be signed and sent; when `to` is `all`, the own signed copy MUST come back as a `message` input. */
  | { readonly type: 'send'; readonly to: Recipients; readonly vote: ApprovedVote }
  /** MUST be sent as it is: signed by its author already, or a certificate. */
  | { readonly type: 'sendSigned'; readonly to: Recipients; readonly message: Verified<PbftMessage> }
  /**
   * MUST be answered by `propose` with the same term, view, height and parentDigest; the driver may wait a little to
   * fill the block. `ancestors`: proposals above the final block, ascending, whose transactions must not come again.
   * `required`: an empty proposal is wanted too (an end of the term is scheduled). The proposal's timestamp is
   * `max(now, parentTimestamp + 1)`.
   */
  | {
      readonly type: 'requestProposal';
      readonly term: Term;
      readonly view: View;
      readonly height: Height;
      readonly proposer: ValidatorIndex;
      readonly parentDigest: HashHex;
      readonly parentTimestamp: number;
      readonly ancestors: readonly Proposal[];
      readonly required: boolean;
    }
  /**
   * MUST be answered by `validated`. Mode `full`: chain id, group, limits, transactions (known, signed, not expired, not
   * in an ancestor or on chain within the replay window), all on disk. Mode `availability`: a certificate has vouched
   * for it, only get it and its transactions onto disk. The replica itself checks term, height, parent and time.
   * Asked again on the slow tick while there is no verdict or it is `waiting`; a driver that still works on it may ignore that.
   */
  | {
      readonly type: 'validate';
      readonly proposal: Proposal;
      readonly digest: HashHex;
      readonly ancestors: readonly Proposal[];
      readonly mode: 'full' | 'availability';
      /** Nodes that must have its transactions: its proposer, those who signed its certificate. */
      readonly from: readonly NodeId[];
    }
  /**
   * MUST be executed on the result of `height - 1` (final or executed before), then answered by `executed`, also when
   * sync imports blocks meanwhile; only when `height` itself has become final no answer is needed.
   */
  | { readonly type: 'execute'; readonly height: Height; readonly proposal: Proposal; readonly digest: HashHex }
  /**
   * MUST be written to the ledger atomically, in height order, then answered by `committed`. The result is known. When
   * sync was faster and the ledger holds the height already, there is nothing to write.
   */
  | {
      readonly type: 'commit';
      readonly height: Height;
      readonly proposal: Proposal;
      readonly digest: HashHex;
      readonly blockHash: HashHex;
      readonly certificate: Certificate;
    }
  /**
   * MUST ask `from` (one after the other) for the proposal and its ancestors down to `heightMin`, check the digests and
   * give each as `body`. Asked again while it is missing. Peers answer from `PbftReplica.proposalChain`.
   */
  | {
      readonly type: 'fetch';
      readonly digest: HashHex;
      readonly height: Height;
      readonly heightMin: Height;
      readonly from: readonly NodeId[];
    }
  /** Final blocks are missing: sync from one of these, up to about `height`. A hint; sync verifies certificates. */
  | { readonly type: 'behind'; readonly height: Height; readonly from: readonly NodeId[] }
  /** Half of the view timer is over (spec PBFT-V1): send the waiting transactions to all validators again. */
  | { readonly type: 'resendTransactions' }
  /** Ask these for an acknowledgement of my incarnation (spec PBFT-T3). */
  | { readonly type: 'askAcknowledgement'; readonly of: readonly NodeId[] }
  /** Ask these, with this process's nonce, for their highest final height and its certificate (spec PBFT-T3). */
  | { readonly type: 'askFinalHeights'; readonly of: readonly NodeId[] }
  | { readonly type: 'report'; readonly report: PbftReport }
  /** Something that people look at has changed: role, term, view, stable or decided height, right to vote. */
  | { readonly type: 'status'; readonly status: PbftStatus };

import type { HashHex, Height, NodeId, Term, View } from '@hansa/primitives';
import type { Certificate, PbftMessage, Proposal, TermInfo, Verified } from '@hansa/protocol';

/** The last final block as the ledger holds it, and the term in which the height above it lies. */
export type FinalHead = {
  readonly height: Height;
  readonly blockHash: HashHex;
  /** Digest of the proposal that it was made from (in genesis: the digest named by its header). */
  readonly proposalDigest: HashHex;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /**
   * Term of `height + 1`, as it stands after this block: with a scheduled end if one was scheduled, and the next term
   * already when this block was the last of its term.
   */
  readonly term: TermInfo;
};

export type Verdict =
  /** Stateless validity holds, and the body and all transactions are on this node's disk. */
  | { readonly type: 'valid' }
  /** Something is missing (transactions): the driver fetches it and answers again. */
  | { readonly type: 'waiting' }
  /** Never votable; `reason` is for people. Not an answer to a `validate` of mode `availability`. */
  | { readonly type: 'invalid'; readonly reason: string };

/** What the pool knows and consensus needs (spec PBFT-N1, PBFT-V1, PBFT-V2). Given whenever it changes. */
export type PoolState = {
  /** There is an executable transaction in no proposal on my chain: a primary may propose. */
  readonly hasExecutable: boolean;
  /** Such a transaction was sent to the primary and to more than F other validators: the view timer may count it. */
  readonly hasWaiting: boolean;
  /**
   * Set when, in the proposals of this view of this term, an executable transaction here was overtaken: they contain
   * transactions of no higher price that reached this node more than two time-out bases after it.
   */
  readonly overtakenIn: { readonly term: Term; readonly view: View } | undefined;
};

/** All that can happen to a replica. `step` never throws because of what a peer sent. */
export type PbftInput =
  /**
   * The driver's clock, every `config.tickMs`. `tick` counts from any start and only rises; a jump (the machine slept)
   * is cut to a few ticks. `clockMs` is the wall clock, used for nothing but the time of proposals.
   */
  | { readonly type: 'tick'; readonly tick: number; readonly clockMs: number }
  /** A message whose signatures were checked against the set of its term. Own messages come in here too. */
  | { readonly type: 'message'; readonly message: Verified<PbftMessage>; readonly from: NodeId }
  /** A message of another term came from this peer and was dropped unread. A hint, not trusted. */
  | { readonly type: 'otherTerm'; readonly term: Term; readonly from: NodeId }
  /**
   * Answer to `requestProposal`, which it repeats. `proposed` undefined: nothing to order now; ask again after the next
   * `poolState`. Body and transactions are on disk when this is given.
   */
  | {
      readonly type: 'propose';
      readonly term: Term;
      readonly view: View;
      readonly height: Height;
      readonly parentDigest: HashHex;
      readonly proposed: { readonly proposal: Proposal; readonly digest: HashHex } | undefined;
    }
  /** Answer to `validate`; after `waiting` another one follows when it is there. */
  | { readonly type: 'validated'; readonly digest: HashHex; readonly verdict: Verdict }
  /** Answer to `fetch`: a proposal whose digest the driver has computed. From whom does not matter. */
  | { readonly type: 'body'; readonly proposal: Proposal; readonly digest: HashHex }
  /** Answer to `execute`. Execution is total: there always is one. */
  | { readonly type: 'executed'; readonly height: Height; readonly digest: HashHex; readonly blockHash: HashHex }
  /**
   * The ledger holds this block, synced: own `commit` or sync. Heights only rise; sync may leave out heights between,
   * but not the last block of a term that is entered.
   */
  | { readonly type: 'committed'; readonly head: FinalHead }
  /**
   * A block with a quorum's certificate, executed here again on what is on disk, gave another result (spec PBFT-N7).
   * `digest`: of its proposal.
   */
  | {
      readonly type: 'diverged';
      readonly height: Height;
      readonly digest: HashHex;
      readonly ownBlockHash: HashHex;
      readonly certificate: Certificate;
    }
  | { readonly type: 'poolState'; readonly pool: PoolState }
  /** A peer passed the handshake: resending speeds up, and it gets my STATUS. */
  | { readonly type: 'peerConnected'; readonly nodeId: NodeId }
  /** A peer has stored my incarnation on its disk (spec PBFT-T3). Statements about another incarnation are ignored. */
  | { readonly type: 'incarnationAcknowledged'; readonly nodeId: NodeId; readonly incarnation: number }
  /** A peer showed a statement signed by me with this incarnation, not below mine: my vote store was rolled back. */
  | { readonly type: 'incarnationRefused'; readonly nodeId: NodeId; readonly incarnation: number }
  /** Answer to `askFinalHeights`, to this process's nonce, with a certificate that was checked: its highest final height. */
  | { readonly type: 'finalHeight'; readonly nodeId: NodeId; readonly height: Height };

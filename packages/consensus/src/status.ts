import type { HashHex, Height, NodeId, Term, ValidatorIndex, View } from '@hansa/primitives';

/** Why a replica votes on nothing, most serious first. */
export type SilenceReason =
  | 'diverged'
  | 'nondeterminism'
  | 'second copy'
  | 'safety violation'
  | 'not a validator'
  | 'vote store lost'
  | 'ledger behind votes'
  | 'incarnation not acknowledged';

export type PeerStatus = {
  readonly index: ValidatorIndex;
  readonly nodeId: NodeId;
  readonly weight: number;
  /** Highest view in which it was heard. */
  readonly view: View;
  readonly changing: boolean;
  readonly stableHeight: Height | undefined;
  readonly decidedHeight: Height | undefined;
  /** Ticks since any valid message of the term came from it; undefined when none did. */
  readonly silentTicks: number | undefined;
  /** It says that this view does not get on. */
  readonly suspects: boolean;
};

/** Validators that have signed one result. */
export type ResultGroup = {
  readonly height: Height;
  readonly blockHash: HashHex;
  readonly weight: number;
  /** Ordered by index. */
  readonly nodeIds: readonly NodeId[];
};

/** Read-only picture of a replica: metrics, RPC, `doctor`, tests. */
export type PbftStatus = {
  readonly index: ValidatorIndex | undefined;
  readonly silence: SilenceReason | undefined;
  readonly term: Term;
  readonly view: View;
  readonly changing: boolean;
  readonly primary: NodeId;
  /** Highest final height in the ledger. */
  readonly stableHeight: Height;
  /** Highest height whose order is decided here. */
  readonly decidedHeight: Height;
  /** Highest height prepared here in this view, `stableHeight` when none is above it. */
  readonly preparedHeight: Height;
  readonly tip: { readonly height: Height; readonly digest: HashHex } | undefined;
  readonly endHeight: Height;
  readonly endScheduled: boolean;
  readonly totalWeight: number;
  readonly quorumWeight: number;
  /** Weight of faulty validators that is tolerated; 0 tolerates nobody. */
  readonly maxFaultyWeight: number;
  readonly timeoutExponent: number;
  /** Undefined while the view timer does not run. */
  readonly timer: { readonly elapsedTicks: number; readonly limitTicks: number } | undefined;
  readonly suspecting: boolean;
  /** RESULTs for the height above the final one, by block hash, heaviest first. */
  readonly resultGroups: readonly ResultGroup[];
  /** Proposals above the final block on my chain, ascending: what the pool must not offer again. */
  readonly inFlight: readonly { readonly height: Height; readonly digest: HashHex }[];
  readonly peers: readonly PeerStatus[];
  /** Messages dropped from bounded buffers since the start. */
  readonly droppedCount: number;
};

import type { HashHex, Height, NodeId, Term, ValidatorIndex } from '@hansa/primitives';
import type { ChainParameters } from './chain-parameters.ts';

export type Validator = {
  readonly nodeId: NodeId;
  /** From 1. */
  readonly weight: number;
  readonly organisationId: string;
};

/** Ordered by node id; a validator's index is its position. */
export type ValidatorSet = readonly Validator[];

/** All that a term fixes. Kept in state, so that every node has the same one after a restart or a sync. */
export type TermInfo = {
  readonly term: Term;
  /** The final block that it stands on; its first height is one above. */
  readonly baseHeight: Height;
  /** Block hash of the base. The zero hash in a TermInfo that was computed inside that very block; the ledger knows it. */
  readonly baseHash: HashHex;
  /** Digest of the base block's proposal: parent of the first proposal of the term. */
  readonly baseProposalDigest: HashHex;
  readonly baseTimestamp: number;
  readonly validators: ValidatorSet;
  /** View v is led by `primaryOrder[v mod count]`. */
  readonly primaryOrder: readonly ValidatorIndex[];
  /** Last height of the term; moves down once when an end is scheduled, never up. */
  readonly endHeight: Height;
  /** A change is pending: the primary fills up to the end with empty blocks when there is nothing else. */
  readonly endScheduled: boolean;
  readonly parameters: ChainParameters;
};

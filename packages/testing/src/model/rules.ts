/** The rules of the model, and the ways to break them. Written from docs/spec/pbft.md, not from the replica's code. */

/** A proposal. Its number is its digest: it names its height, its parent and the view in which it was first proposed. */
export type Block = {
  readonly id: number;
  readonly height: number;
  /** -1 is the base of the term. */
  readonly parent: number;
  readonly view: number;
};

/** A prepared certificate; what a VIEW-CHANGE claims and a NEW-VIEW takes for its tip. */
export type Claim = { readonly view: number; readonly height: number; readonly block: number };

export type Rules = {
  /** Weights are 1, one of four is Byzantine and votes for everything: this many honest votes make a certificate. */
  readonly honestVotes: number;
  /** Greater than zero when a is the higher claim (PBFT-V6). */
  compare(a: Claim, b: Claim): number;
  /** The tip is recomputed from the claims (PBFT-V7); else the primary names any certificate, or none. */
  readonly recomputesTip: boolean;
  /** The first vote of a view is on its tip itself (PBFT-V8); else on its ancestors, one by one. */
  readonly votesTipFirst: boolean;
  /** After its VIEW-CHANGE a validator votes on nothing below (PBFT-V3); else its claim may be older than its votes. */
  readonly stopsBelow: boolean;
  /** PREPARE only on a parent that is prepared here (PBFT-N2). */
  readonly checksParent: boolean;
  /** The certificate is kept before its COMMIT (PBFT-N3). */
  readonly keepsCertificate: boolean;
  /** What a crash leaves (section 4 of the spec). */
  readonly keepsTip: boolean;
  readonly keepsVotes: boolean;
  readonly keepsHighest: boolean;
};

export const SPEC_RULES: Rules = {
  honestVotes: 2,
  compare: (a, b) => (a.view !== b.view ? a.view - b.view : a.height - b.height),
  recomputesTip: true,
  votesTipFirst: true,
  stopsBelow: true,
  checksParent: true,
  keepsCertificate: true,
  keepsTip: true,
  keepsVotes: true,
  keepsHighest: true,
};

export type ModelMutant = { readonly name: string; readonly rule: string; readonly rules: Rules };

const without = (name: string, rule: string, change: Partial<Rules>): ModelMutant => ({
  name,
  rule,
  rules: { ...SPEC_RULES, ...change },
});

/** Each must lead to two decisions at one height. */
export const MODEL_MUTANTS: readonly ModelMutant[] = [
  without('quorum minus one', 'S. 2', { honestVotes: 1 }),
  without('tip not recomputed', 'V7', { recomputesTip: false }),
  without('ancestors re-voted one by one', 'V8', { votesTipFirst: false }),
  without('highest height instead of highest (view, height)', 'V6', { compare: (a, b) => a.height - b.height }),
  without('vote below the view', 'V3, S4', { stopsBelow: false }),
  without('the parent is not looked at', 'N2', { checksParent: false }),
  without('COMMIT without keeping the certificate', 'N3', { keepsCertificate: false }),
  without('tip forgotten at restart', 'S. 4, V8', { keepsTip: false }),
  without('own votes forgotten at restart', 'S. 4', { keepsVotes: false }),
  without('certificate forgotten at restart', 'S. 4', { keepsHighest: false }),
];

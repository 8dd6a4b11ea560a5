import { assert, type HashHex, type ValidatorIndex } from '@hansa/primitives';
import type { VoteSignature } from '@hansa/protocol';

/** Weights of a term and what follows from them (docs/spec/pbft.md, section 2). Integer arithmetic only. */
export type QuorumInfo = {
  /** By validator index. */
  readonly weights: readonly number[];
  readonly total: number;
  /** Faulty weight that is tolerated: F = floor((N − 1) / 3). "More than F" proves that one honest validator is among the senders. */
  readonly maxFaulty: number;
  /** q = floor((N + F) / 2) + 1: two quorums share more than F, and the honest (N − F) form one. */
  readonly quorum: number;
};

/** F of the total weight N. @throws InvariantError when N is not a positive safe integer */
export function maxFaultyWeight(total: number): number {
  assert(Number.isSafeInteger(total) && total > 0, `a total weight from 1 was expected, got ${total}`);
  return (total - 1 - ((total - 1) % 3)) / 3;
}

/** q of the total weight N. */
export function quorumWeight(total: number): number {
  const sum = total + maxFaultyWeight(total);
  return (sum - (sum % 2)) / 2 + 1;
}

export function createQuorumInfo(weights: readonly number[]): QuorumInfo {
  let total = 0;
  for (const weight of weights) {
    assert(Number.isSafeInteger(weight) && weight > 0, `a weight from 1 was expected, got ${weight}`);
    total += weight;
  }
  return { weights: [...weights], total, maxFaulty: maxFaultyWeight(total), quorum: quorumWeight(total) };
}

/** Weight of the validators for which `test` holds. */
export function weightWhere(info: QuorumInfo, test: (index: ValidatorIndex) => boolean): number {
  let weight = 0;
  for (let i = 0; i < info.weights.length; i++) {
    if (test(i as ValidatorIndex)) weight += info.weights[i] as number;
  }
  return weight;
}

/** Weight of signers that are members, by strictly increasing index; undefined when they are not. */
export function signersWeight(
  info: QuorumInfo,
  signers: readonly { readonly index: ValidatorIndex }[],
): number | undefined {
  let weight = 0;
  let last = -1;
  for (const { index } of signers) {
    const own = info.weights[index];
    if (own === undefined || index <= last) return undefined;
    last = index;
    weight += own;
  }
  return weight;
}

type Vote = { readonly digest: HashHex; readonly signature: Uint8Array };

/**
 * Votes of one (kind, view, height): the first vote of each validator counts, whatever comes later.
 * Bounded: one entry per validator, so input from one sender never makes it grow.
 */
export class VoteSet {
  readonly #info: QuorumInfo;
  readonly #votes: (Vote | undefined)[];
  readonly #weights = new Map<HashHex, number>();

  constructor(info: QuorumInfo) {
    this.#info = info;
    this.#votes = info.weights.map(() => undefined);
  }

  /** `conflict`: this validator has voted for another digest; not counted. @throws InvariantError for a non-member */
  add(index: ValidatorIndex, digest: HashHex, signature: Uint8Array): 'added' | 'duplicate' | 'conflict' {
    const weight = this.#info.weights[index];
    assert(weight !== undefined, `votes come from members only, got index ${index}`);
    const first = this.#votes[index];
    if (first !== undefined) return first.digest === digest ? 'duplicate' : 'conflict';
    this.#votes[index] = { digest, signature: signature.slice() };
    this.#weights.set(digest, (this.#weights.get(digest) ?? 0) + weight);
    return 'added';
  }

  /** What this validator voted for. */
  voteOf(index: ValidatorIndex): Vote | undefined {
    return this.#votes[index];
  }

  weightOf(digest: HashHex): number {
    return this.#weights.get(digest) ?? 0;
  }

  /** The digest with a quorum; two cannot have one unless more than F are faulty. */
  quorumDigest(): HashHex | undefined {
    for (const [digest, weight] of this.#weights) if (weight >= this.#info.quorum) return digest;
    return undefined;
  }

  /** Signatures for `digest` by strictly increasing index. */
  signaturesFor(digest: HashHex): VoteSignature[] {
    const signatures: VoteSignature[] = [];
    this.#votes.forEach((vote, index) => {
      if (vote?.digest === digest) signatures.push({ index: index as ValidatorIndex, signature: vote.signature });
    });
    return signatures;
  }
}

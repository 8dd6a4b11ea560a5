/** What a set of validators can bear, and what a change would take from it (docs/spec/governance.md, section 3). Pure. */
import { compareText } from '@hansa/primitives';
import {
  type ChainParameters,
  encodeUtf8,
  GENESIS_ORGANISATION_COUNT_MAX,
  IDENTIFIER_SIZE_MAX,
  maxFaultyWeight,
  quorumWeight,
  type Reader,
  totalWeight,
  type ValidatorSet,
  type Writer,
} from '@hansa/protocol';
import { blockingGovernors, type Committee, decidingGovernors } from './committee.ts';
import { readAscii, readText } from './records.ts';

/** Pairs that are named; their count is exact. */
const PAIR_COUNT_MAX = 16;
const RISK_COUNT_MAX = 4 * GENESIS_ORGANISATION_COUNT_MAX;
const RISK_SIZE_MAX = 128;

export type Assessment = {
  readonly validatorCount: number;
  readonly totalWeight: number;
  readonly quorumWeight: number;
  /** Validators that may do anything at all, whichever they are: the heaviest ones together weigh at most F. */
  readonly toleratedFaults: number;
  /** Validators that may be away, whichever they are, and a quorum is left. */
  readonly toleratedAbsences: number;
  /** Organisations without which there is no quorum, ascending. */
  readonly blockingAlone: readonly string[];
  /** Pairs of others without which there is none; at most 16 are named. */
  readonly blockingPairs: readonly (readonly [string, string])[];
  readonly blockingPairCount: number;
};

/** spec GOV-30. */
export function assess(validators: ValidatorSet): Assessment {
  const total = totalWeight(validators);
  const quorum = quorumWeight(total);
  const weights = validators.map(({ weight }) => weight).sort((a, b) => b - a);
  const organisations = new Map<string, number>();
  for (const { organisationId, weight } of validators)
    organisations.set(organisationId, (organisations.get(organisationId) ?? 0) + weight);
  const byName = [...organisations].sort(([a], [b]) => compareText(a, b));
  const blocks = (weight: number): boolean => total - weight < quorum;
  const others = byName.filter(([, weight]) => !blocks(weight));
  const pairs: (readonly [string, string])[] = [];
  let pairCount = 0;
  for (const [i, [first, weight]] of others.entries()) {
    for (const [second, otherWeight] of others.slice(i + 1)) {
      if (!blocks(weight + otherWeight)) continue;
      pairCount++;
      if (pairs.length < PAIR_COUNT_MAX) pairs.push([first, second]);
    }
  }
  return {
    validatorCount: validators.length,
    totalWeight: total,
    quorumWeight: quorum,
    toleratedFaults: countWithin(weights, maxFaultyWeight(total)),
    toleratedAbsences: countWithin(weights, total - quorum),
    blockingAlone: byName.filter(([, weight]) => blocks(weight)).map(([id]) => id),
    blockingPairs: pairs,
    blockingPairCount: pairCount,
  };
}

/** How many of the heaviest together weigh no more than this. */
function countWithin(weights: readonly number[], limit: number): number {
  let sum = 0;
  let count = 0;
  for (const weight of weights) {
    sum += weight;
    if (sum > limit) break;
    count++;
  }
  return count;
}

/** A change as far as it can be judged: who votes, who governs, by which parameters. */
export type Rules = {
  readonly validators: ValidatorSet;
  readonly committee: Committee;
  readonly parameters: ChainParameters;
};

export type Effect = {
  readonly before: Assessment;
  readonly after: Assessment;
  /** Why the change needs `acceptRisk` and two thirds, in words; none: it does not. */
  readonly risks: readonly string[];
};

/** spec GOV-31, GOV-32: only what a change makes worse is a risk. */
export function effectOf(before: Rules, after: Rules): Effect {
  const [old, next] = [assess(before.validators), assess(after.validators)];
  const risks: string[] = [];
  if (next.toleratedFaults === 0 && old.toleratedFaults > 0) risks.push('no faulty validator is tolerated any more');
  if (next.toleratedAbsences === 0 && old.toleratedAbsences > 0) risks.push('no validator may be away any more');
  for (const id of gained(old.blockingAlone, next.blockingAlone)) risks.push(`${id} alone could stop the chain`);
  for (const id of gained(blockingGovernors(before.committee), blockingGovernors(after.committee)))
    risks.push(`${id} alone could prevent every decision`);
  for (const id of gained(decidingGovernors(before.committee), decidingGovernors(after.committee)))
    risks.push(`${id} alone could decide`);
  for (const { key, isSafe } of PARAMETER_RISKS)
    if (isSafe(before.parameters) && !isSafe(after.parameters)) risks.push(`${key} could stop the chain`);
  return { before: old, after: next, risks };
}

const gained = (before: readonly string[], after: readonly string[]): readonly string[] =>
  after.filter((id) => !before.includes(id));

/** Values within the range of the format with which validators of good will may fail to make blocks. */
const PARAMETER_RISKS: readonly { readonly key: string; readonly isSafe: (parameters: ChainParameters) => boolean }[] =
  [
    { key: 'hansa_clock_skew_ms', isSafe: ({ clockSkewMs }) => clockSkewMs >= 1_000 },
    { key: 'hansa_view_timeout_base_ms', isSafe: ({ viewTimeoutBaseMs }) => viewTimeoutBaseMs >= 500 },
    { key: 'hansa_view_timeout_cap_ms', isSafe: ({ viewTimeoutCapMs }) => viewTimeoutCapMs <= 30_000 },
  ];

/** spec GOV-33. */
export function writeEffect(writer: Writer, { before, after, risks }: Effect): void {
  writeAssessment(writer, before);
  writeAssessment(writer, after);
  writer.list(risks, (w, risk) => w.bytes(encodeUtf8(risk)));
}

export function readEffect(reader: Reader): Effect {
  const before = readAssessment(reader);
  const after = readAssessment(reader);
  return { before, after, risks: reader.list(RISK_COUNT_MAX, (r) => readText(r, RISK_SIZE_MAX)) };
}

function writeAssessment(writer: Writer, value: Assessment): void {
  writer
    .u32(value.validatorCount)
    .u32(value.totalWeight)
    .u32(value.quorumWeight)
    .u32(value.toleratedFaults)
    .u32(value.toleratedAbsences)
    .list(value.blockingAlone, (w, id) => w.bytes(encodeUtf8(id)))
    .list(value.blockingPairs, (w, [a, b]) => w.bytes(encodeUtf8(a)).bytes(encodeUtf8(b)))
    .u32(value.blockingPairCount);
}

function readAssessment(reader: Reader): Assessment {
  return {
    validatorCount: reader.u32(),
    totalWeight: reader.u32(),
    quorumWeight: reader.u32(),
    toleratedFaults: reader.u32(),
    toleratedAbsences: reader.u32(),
    blockingAlone: reader.list(GENESIS_ORGANISATION_COUNT_MAX, (r) => readAscii(r, IDENTIFIER_SIZE_MAX)),
    blockingPairs: reader.list(
      PAIR_COUNT_MAX,
      (r) => [readAscii(r, IDENTIFIER_SIZE_MAX), readAscii(r, IDENTIFIER_SIZE_MAX)] as const,
    ),
    blockingPairCount: reader.u32(),
  };
}

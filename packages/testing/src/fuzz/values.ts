/** Valid values of every format from chance: where a mutation begins. Edges of the ranges come up often. */
import { standardSuite } from '@hansa/crypto';
import {
  type AddressHex,
  compareText,
  type HashHex,
  type Height,
  type NodeId,
  type Term,
  type ValidatorIndex,
  type View,
} from '@hansa/primitives';
import {
  type AccountRecord,
  type BlockBody,
  type BlockHeader,
  type Certificate,
  type ChainParameters,
  DEFAULT_CHAIN_PARAMETERS,
  LEFT_OUT_REASONS,
  type Proposal,
  type Receipt,
  type TermInfo,
  type ValidatorSet,
} from '@hansa/protocol';
import type { Prng } from '../simulator/prng.ts';
import { randomBytes } from './mutate.ts';

const GROUPS: readonly string[] = ['group0', 'a', 'Bank.of_X-1', 'z'.repeat(32)];
/** Keys that are points of the curve, in order; random digits are none. */
export const NODE_IDS: readonly NodeId[] = [1, 2, 3, 4, 5, 6, 7]
  .map((n) => standardSuite.nodeIdOf(new Uint8Array(32).fill(n)))
  .sort(compareText);

export function natural(prng: Prng): number {
  switch (prng.below(4)) {
    case 0:
      return prng.pick([0, 1, 255, 256, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]);
    case 1:
      return prng.u32();
    default:
      return prng.below(1_000);
  }
}

export const u32 = (prng: Prng): number => Math.min(natural(prng), 0xffff_ffff);
export const word = (prng: Prng, size: number): bigint => {
  if (prng.chance(0.5)) return BigInt(natural(prng));
  return prng.chance(0.2) ? (1n << BigInt(8 * size)) - 1n : BigInt(`0x${prng.hex(size)}`);
};
export const hash = (prng: Prng): HashHex => prng.hex(32) as HashHex;
export const address = (prng: Prng): AddressHex => prng.hex(20) as AddressHex;
export const height = (prng: Prng): Height => natural(prng) as Height;
export const term = (prng: Prng): Term => natural(prng) as Term;
export const view = (prng: Prng): View => natural(prng) as View;
export const index = (prng: Prng): ValidatorIndex => u32(prng) as ValidatorIndex;
export const group = (prng: Prng): string => prng.pick(GROUPS);
export const signature = (prng: Prng): Uint8Array => randomBytes(prng, 64);
export const bytes = (prng: Prng, sizeMax = 40): Uint8Array => randomBytes(prng, prng.below(sizeMax + 1));

export function list<T>(prng: Prng, countMax: number, make: (prng: Prng, index: number) => T): T[] {
  return Array.from({ length: prng.below(countMax + 1) }, (_, at) => make(prng, at));
}

export const maybe = <T>(prng: Prng, make: (prng: Prng) => T): T | undefined =>
  prng.chance(0.5) ? make(prng) : undefined;

/** Ascending, none twice. */
export function ascending(prng: Prng, count: number): number[] {
  let last = -1;
  return Array.from({ length: count }, () => {
    last += 1 + prng.below(prng.chance(0.2) ? 100_000 : 3);
    return last;
  });
}

export const proposal = (prng: Prng): Proposal => ({
  chainId: natural(prng),
  groupId: group(prng),
  term: term(prng),
  height: height(prng),
  view: view(prng),
  parentDigest: hash(prng),
  timestamp: natural(prng),
  proposer: index(prng),
  transactionHashes: list(prng, 4, hash),
});

export const header = (prng: Prng): BlockHeader => ({
  version: 1,
  chainId: natural(prng),
  groupId: group(prng),
  height: height(prng),
  term: term(prng),
  view: view(prng),
  proposer: prng.pick(NODE_IDS),
  parentHash: hash(prng),
  timestamp: natural(prng),
  proposalDigest: hash(prng),
  txRoot: hash(prng),
  receiptRoot: hash(prng),
  stateRoot: hash(prng),
  gasUsed: word(prng, 8),
  gasLimit: word(prng, 8),
  validatorsHash: hash(prng),
  nextValidatorsHash: hash(prng),
  registryRoot: hash(prng),
  extensions: list(prng, 3, () => ({ size: word(prng, 8), root: hash(prng) })),
});

export function body(prng: Prng): BlockBody {
  const transactions = list(prng, 4, (chance) => bytes(chance));
  const out = list(prng, 4, (chance) => ({ hash: hash(chance), reason: chance.pick(LEFT_OUT_REASONS) }));
  const first = prng.below(transactions.length + 1);
  return { transactions, leftOut: out.map((entry, at) => ({ position: first + at, ...entry })) };
}

export const receipt = (prng: Prng): Receipt => ({
  transactionHash: hash(prng),
  index: u32(prng),
  status: prng.chance(0.5) ? 1 : 0,
  gasUsed: word(prng, 8),
  cumulativeGasUsed: word(prng, 8),
  effectiveGasPrice: word(prng, 32),
  contractAddress: maybe(prng, address),
  output: bytes(prng),
  logs: list(prng, 3, () => ({ address: address(prng), topics: list(prng, 4, hash), data: bytes(prng) })),
});

export const signatures = (prng: Prng): { index: ValidatorIndex; signature: Uint8Array }[] =>
  ascending(prng, prng.below(5)).map((at) => ({ index: at as ValidatorIndex, signature: signature(prng) }));

export const certificate = (prng: Prng): Certificate => ({
  height: height(prng),
  blockHash: hash(prng),
  signatures: signatures(prng),
});

export const validators = (prng: Prng): ValidatorSet =>
  prng.sample(NODE_IDS, prng.between(1, 5)).map((nodeId) => ({
    nodeId,
    weight: prng.pick([1, 2, 1_000_000, prng.between(1, 1_000_000)]),
    organisationId: group(prng),
  }));

export const parameters = (prng: Prng): ChainParameters => ({
  ...DEFAULT_CHAIN_PARAMETERS,
  txCountLimit: prng.between(1, 10_000),
  leaderPeriod: prng.between(1, 1_000_000),
  minimumGasPrice: word(prng, 8) % (10n ** 14n + 1n),
  window: prng.between(1, 64),
  viewTimeoutBaseMs: prng.between(100, 4_000),
  viewTimeoutCapMs: prng.between(4_000, 600_000),
  feeRecipient: address(prng),
  demotionTerms: prng.between(0, 1_000_000),
});

export function termInfo(prng: Prng): TermInfo {
  const set = validators(prng);
  const order = set.map((_, at) => at as ValidatorIndex);
  const turn = prng.below(order.length);
  const baseHeight = prng.below(1_000_000);
  return {
    term: term(prng),
    baseHeight: baseHeight as Height,
    baseHash: hash(prng),
    baseProposalDigest: hash(prng),
    baseTimestamp: natural(prng),
    validators: set,
    primaryOrder: [...order.slice(turn), ...order.slice(0, turn)],
    endHeight: (baseHeight + 1 + prng.below(1_000)) as Height,
    endScheduled: prng.chance(0.5),
    parameters: parameters(prng),
  };
}

export const account = (prng: Prng): AccountRecord => ({
  nonce: word(prng, 8),
  balance: word(prng, 32),
  codeHash: hash(prng),
});

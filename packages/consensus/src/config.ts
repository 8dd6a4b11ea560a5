import { assert, type NodeId } from '@hansa/primitives';
import type { DurableState } from './durable.ts';
import type { FinalHead } from './input.ts';

/** Local settings of a replica. Everything that must agree between nodes is in `TermInfo.parameters`. */
export type PbftConfig = {
  /** Who I am; my index is my position in the validators of the term, if I am among them. */
  readonly nodeId: NodeId;
  /** Real time of a tick. 50 ms in production. */
  readonly tickMs: number;
  /** Counts the starts of this vote store, from 1. Higher at each start (spec PBFT-T3). */
  readonly incarnation: number;
  /** Random, 16 bytes in hex, new for each process. */
  readonly instance: string;
  /** Slow tick (spec PBFT-R1): after a change, while something is open, while nothing is. */
  readonly resendMsMin: number;
  readonly resendMsOpen: number;
  readonly resendMsIdle: number;
  /** An operator may raise the time-outs of views while the chain stands; values below the chain's have no effect. */
  readonly viewTimeoutBaseMsMin: number;
  readonly viewTimeoutCapMsMin: number;
  /** Least time between two answers to one peer's STATUS (spec PBFT-R2). */
  readonly answerMsMin: number;
  /** Least time between two fetches of one proposal. */
  readonly fetchMsMin: number;
  /** Counts each rule of the spec that is exercised ('N1' … 'T3'); for coverage of the simulator. */
  readonly onRule?: (rule: RuleId) => void;
  /** Check all invariants after each step. Costs a few microseconds; on by default. */
  readonly checkInvariants: boolean;
};

/** Rules of docs/spec/pbft.md that can be exercised. */
export const RULE_IDS = [
  'N1',
  'N2',
  'N3',
  'N4',
  'N5',
  'N6',
  'N7',
  'V1',
  'V2',
  'V3',
  'V4',
  'V5',
  'V6',
  'V7',
  'V8',
  'T1',
  'T2',
  'T3',
  'R1',
  'R2',
  'R3',
  'R4',
] as const;
export type RuleId = (typeof RULE_IDS)[number];

export const DEFAULT_PBFT_SETTINGS: Omit<PbftConfig, 'nodeId' | 'incarnation' | 'instance'> = {
  tickMs: 50,
  resendMsMin: 500,
  resendMsOpen: 1_000,
  resendMsIdle: 4_000,
  viewTimeoutBaseMsMin: 0,
  viewTimeoutCapMsMin: 0,
  answerMsMin: 200,
  fetchMsMin: 200,
  checkInvariants: true,
};

/** What a replica starts from: the ledger's head and the vote store. */
export type RestoredState = { readonly head: FinalHead; readonly durable: DurableState };

const INSTANCE = /^[0-9a-f]{32}$/;

/** @throws InvariantError when a setting contradicts another: a mistake of the program, not of a peer */
export function validateConfig(config: PbftConfig): void {
  assert(Number.isSafeInteger(config.tickMs) && config.tickMs > 0, `tickMs from 1 was expected, got ${config.tickMs}`);
  assert(config.resendMsMin >= config.tickMs, 'resendMsMin must not be below tickMs');
  assert(config.resendMsOpen >= config.resendMsMin, 'resendMsOpen must not be below resendMsMin');
  assert(config.resendMsIdle >= config.resendMsOpen, 'resendMsIdle must not be below resendMsOpen');
  assert(Number.isSafeInteger(config.incarnation) && config.incarnation >= 1, 'incarnation from 1 was expected');
  assert(INSTANCE.test(config.instance), `instance of 32 hex digits was expected, got "${config.instance}"`);
}

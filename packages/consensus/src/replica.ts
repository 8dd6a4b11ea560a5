import { assertNever, type HashHex, type Height, type NodeId } from '@hansa/primitives';
import type { PbftMessage, Proposal, Verified } from '@hansa/protocol';
import { holdProposal } from './bodies.ts';
import { type PbftConfig, type RestoredState, validateConfig } from './config.ts';
import { onCommitCertificate, tryDecide } from './decide.ts';
import { describeState } from './describe.ts';
import type { PbftEffect } from './effect.ts';
import { onDiverged } from './healing.ts';
import type { PbftInput } from './input.ts';
import { checkInvariants } from './invariants.ts';
import {
  onPreparedCertificate,
  onProposal,
  onPropose,
  onVote,
  tryCommit,
  tryPrepare,
  tryPropose,
} from './normal-case.ts';
import { isBufferable, isFuture, type RejectCode, rejectReason } from './reject.ts';
import { advanceResend, hastenForHelp, hastenResend, onOtherTerm, onPeerConnected, onStatus } from './resend.ts';
import { onExecuted, onResult, tryExecute, tryFinalise, tryResult } from './result.ts';
import { cover, markChanged, nodeIdOf, peerOf, type ReplicaState, type Step, stableOf, termOf } from './state.ts';
import type { PbftStatus } from './status.ts';
import { statusOf } from './status-of.ts';
import { createTermState, onCommitted, takeUpDurable } from './term.ts';
import { advanceViewTimer, tryAccuseCensorship } from './timers.ts';
import {
  onNewView,
  onNewViewAgain,
  onSuspect,
  onViewChange,
  tryLeaveView,
  tryOpenView,
  tryVoteTip,
} from './view-change.ts';
import { onFinalHeight, onIncarnationAcknowledged, onIncarnationRefused, silenceOf } from './voting-right.ts';

/** A machine that slept must not take its own sleep for the silence of a primary. */
const TICK_JUMP_MAX = 4;

/**
 * A PBFT replica (docs/spec/pbft.md): a pure function of its inputs. No clock, no chance, no input or output of its own.
 *
 * Bounded and unbounded state: all in `TermState` and `ReplicaState`, each with the limit named there.
 */
export class PbftReplica {
  readonly #state: ReplicaState;
  /** Effects of the construction, handed out by the first step. */
  #initial: PbftEffect[];
  #statusKey = '';

  /** @throws InvariantError when the settings or the vote store contradict themselves */
  constructor(config: PbftConfig, restored: RestoredState) {
    validateConfig(config);
    this.#state = createReplicaState(config, restored);
    const step: Step = { state: this.#state, effects: [], changed: false };
    this.#state.pendingDurable = restored.durable;
    takeUpDurable(step);
    this.#initial = step.effects;
    checkInvariants(this.#state);
  }

  /** Feeds one input and returns what the driver must do, in order. Never throws because of what a peer sent. */
  step(input: PbftInput): readonly PbftEffect[] {
    const step: Step = { state: this.#state, effects: this.#initial, changed: false };
    this.#initial = [];
    onInput(step, input);
    advance(step);
    if (step.changed) hastenResend(this.#state);
    this.#emitStatus(step);
    if (this.#state.config.checkInvariants) checkInvariants(this.#state);
    return step.effects;
  }

  /** Computed when asked for. */
  get status(): PbftStatus {
    return statusOf(this.#state);
  }

  /** One line for traces. */
  describe(): string {
    return describeState(this.#state);
  }

  /** Cheap, pure: why `message` need not be verified, or undefined. `step` asks the same. */
  rejectReason(message: PbftMessage): RejectCode | undefined {
    return rejectReason(this.#state, message);
  }

  /** A proposal that is held and its ancestors down to `heightMin`, descending, at most a window: the answer to a peer's fetch. */
  proposalChain(digest: HashHex, heightMin: Height): readonly Proposal[] {
    const chain: Proposal[] = [];
    const limit = termOf(this.#state).parameters.window;
    let entry = this.#state.termState.proposals.get(digest);
    while (entry !== undefined && entry.proposal.height >= heightMin && chain.length < limit) {
      chain.push(entry.proposal);
      entry = this.#state.termState.proposals.get(entry.proposal.parentDigest);
    }
    return chain;
  }

  #emitStatus(step: Step): void {
    const status = statusKeyOf(this.#state);
    if (status === this.#statusKey) return;
    this.#statusKey = status;
    step.effects.push({ type: 'status', status: statusOf(this.#state) });
  }
}

function createReplicaState(config: PbftConfig, { head, durable }: RestoredState): ReplicaState {
  const state: ReplicaState = {
    config,
    head,
    termState: createTermState(config, head.term, head.height),
    voteStore: durable.voteStore,
    pendingDurable: undefined,
    voteFloor: head.height,
    stopped: undefined,
    divergence: { height: 0 as Height, disownedTo: 0 as Height, healedCount: 0 },
    now: 0,
    lastTick: undefined,
    clockMs: undefined,
    pool: { hasExecutable: false, hasWaiting: false, overtakenIn: undefined },
    acknowledged: new Set(),
    finalHeights: new Map(),
    resendInterval: 1,
    resendIn: 1,
    stableAtResend: head.height,
    hinted: new Map(),
    behindTick: undefined,
  };
  hastenResend(state);
  // The first tick already tells where I stand and asks for what is missing.
  state.resendIn = 1;
  return state;
}

function onInput(step: Step, input: PbftInput): void {
  switch (input.type) {
    case 'tick':
      onTick(step, input);
      break;
    case 'message':
      onMessage(step, input.message, input.from);
      break;
    case 'otherTerm':
      onOtherTerm(step, input.term, input.from);
      break;
    case 'propose':
      onPropose(step, input);
      break;
    case 'validated':
      onValidated(step, input);
      break;
    case 'body':
      onBody(step, input);
      break;
    case 'executed':
      onExecuted(step, input);
      break;
    case 'committed':
      onCommitted(step, input.head);
      break;
    case 'diverged':
      onDiverged(step, input);
      break;
    case 'poolState':
      step.state.pool = input.pool;
      step.state.termState.proposalIdle = false;
      break;
    case 'peerConnected':
      onPeerConnected(step);
      break;
    case 'incarnationAcknowledged':
      onIncarnationAcknowledged(step, input.nodeId, input.incarnation);
      break;
    case 'incarnationRefused':
      onIncarnationRefused(step, input.incarnation);
      break;
    case 'finalHeight':
      onFinalHeight(step, input.nodeId, input.height);
      break;
    default:
      assertNever(input);
  }
}

function onTick(step: Step, input: Extract<PbftInput, { type: 'tick' }>): void {
  const { state } = step;
  const elapsed = state.lastTick === undefined ? 1 : input.tick - state.lastTick;
  const ticks = Math.min(Math.max(elapsed, 1), TICK_JUMP_MAX);
  state.lastTick = input.tick;
  state.clockMs = input.clockMs;
  state.now += ticks;
  advanceViewTimer(step, ticks);
  advanceResend(step, ticks);
}

function onMessage(step: Step, message: Verified<PbftMessage>, from: NodeId): void {
  const { state } = step;
  if (message.type === 'new-view' && message.term === termOf(state).term) onNewViewAgain(step, message);
  if (rejectReason(state, message) !== undefined) return;
  if ('sender' in message) noteSender(step, message);
  // Somebody helps: it may have more, which my next STATUS asks for.
  if (!('sender' in message) || nodeIdOf(state, message.sender) !== from) hastenForHelp(state);
  if (isBufferable(message) && isFuture(state, message)) {
    cover(step, 'R4');
    state.termState.buffer.push(message, state.now);
    return;
  }
  dispatch(step, message);
}

/** "Stands at": any valid message with a view, from its author; the highest counts (spec PBFT-V4). */
function noteSender(
  step: Step,
  message: Exclude<PbftMessage, { type: 'prepared-certificate' | 'commit-certificate' }>,
): void {
  const peer = peerOf(step.state, message.sender);
  peer.heardTick = step.state.now;
  if (message.type === 'result' || message.view <= peer.view) return;
  peer.view = message.view;
  markChanged(step);
}

function dispatch(step: Step, message: Verified<PbftMessage>): void {
  switch (message.type) {
    case 'proposal':
      onProposal(step, message);
      break;
    case 'prepare':
    case 'commit':
      onVote(step, message);
      break;
    case 'result':
      onResult(step, message);
      break;
    case 'suspect':
      onSuspect(step, message);
      break;
    case 'view-change':
      onViewChange(step, message);
      break;
    case 'new-view':
      onNewView(step, message);
      break;
    case 'status':
      onStatus(step, message);
      break;
    case 'prepared-certificate':
      onPreparedCertificate(step, message.certificate);
      break;
    case 'commit-certificate':
      onCommitCertificate(step, message.certificate);
      break;
    default:
      assertNever(message);
  }
}

function onValidated(step: Step, input: Extract<PbftInput, { type: 'validated' }>): void {
  const entry = step.state.termState.proposals.get(input.digest);
  if (entry === undefined || entry.verdict === 'valid') return;
  const { verdict } = input;
  if (verdict.type !== 'invalid') entry.verdict = verdict.type;
  // An `invalid` that was on its way when a certificate vouched for the proposal: only availability matters now.
  else entry.verdict = entry.vouched ? 'waiting' : { invalid: verdict.reason };
}

/** A fetched proposal counts only while a certificate here asks for it: nobody can fill the store with bodies. */
function onBody(step: Step, input: Extract<PbftInput, { type: 'body' }>): void {
  const { state } = step;
  const { height } = input.proposal;
  if (input.proposal.term !== termOf(state).term || height <= stableOf(state)) return;
  if (!state.termState.fetches.has(input.digest)) return;
  holdProposal(step, input.proposal, input.digest);
  // Its parent may come in the same answer.
  const parent = input.proposal.parentDigest;
  const isWanted = height - 1 > stableOf(state) && !state.termState.proposals.has(parent);
  if (isWanted) state.termState.fetches.set(parent, { tick: state.now, height: (height - 1) as Height });
  markChanged(step);
}

/** All that may be done now, derived from the state; in this order, so that a view is left before anything is voted on in it. */
function advance(step: Step): void {
  const { state } = step;
  if (state.stopped === 'safety violation') return;
  tryLeaveView(step);
  tryOpenView(step);
  const ready = state.termState.buffer.take((message) => !isFuture(state, message));
  for (const message of ready) if (rejectReason(state, message) === undefined) dispatch(step, message);
  tryDecide(step);
  tryVoteTip(step);
  tryPrepare(step);
  tryCommit(step);
  tryExecute(step);
  tryResult(step);
  tryFinalise(step);
  tryAccuseCensorship(step);
  tryPropose(step);
}

function statusKeyOf(state: ReplicaState): string {
  const { term, endHeight } = termOf(state);
  const { view, changing, decidedHeight, self } = state.termState;
  const silence = silenceOf(state) ?? '';
  return `${term}/${view}/${changing}/${stableOf(state)}/${decidedHeight}/${self}/${endHeight}/${silence}`;
}

import type { Height, NodeId, Term } from '@hansa/primitives';
import type { StatusMessage, Verified } from '@hansa/protocol';
import { revalidate } from './bodies.ts';
import { stopForSecondCopy } from './evidence.ts';
import { ascending, castNewView, castSuspect, castViewChange, resendVotes, sendStatus } from './safety.ts';
import {
  cover,
  markChanged,
  nodeIdOf,
  peerOf,
  type ReplicaState,
  type Step,
  stableOf,
  termOf,
  ticksOf,
} from './state.ts';
import { isOpen, isViewBacked } from './timers.ts';
import { askForVotingRight, mayVote } from './voting-right.ts';

const NOTHING = { prepared: -1 as Height, decided: -1 as Height, stable: -1 as Height };
/** Peers of other terms whose last hint is remembered; a full table is forgotten, which costs a few STATUS. */
const HINTED_PEERS_MAX = 256;

/** The slow tick (spec PBFT-R1): nothing relies on delivery. */
export function advanceResend(step: Step, ticks: number): void {
  const { state } = step;
  state.resendIn -= ticks;
  if (state.resendIn > 0) return;
  const isFast = isOpen(state);
  const { config } = state;
  const limit = ticksOf(state, isFast ? config.resendMsOpen : config.resendMsIdle);
  state.resendInterval = Math.min(state.resendInterval * 2, limit);
  state.resendIn = state.resendInterval;
  state.termState.proposalIdle = false;
  sendStatus(step, 'all');
  askForVotingRight(step);
  revalidate(step);
  hintBehind(step);
  if (isFast && mayVote(state)) resendOpen(step);
  state.stableAtResend = stableOf(state);
}

function resendOpen(step: Step): void {
  const { state } = step;
  const { ownSuspect, changing, view } = state.termState;
  cover(step, 'R1');
  if (ownSuspect?.view === view) castSuspect(step, ownSuspect.decidedHeight);
  if (changing && isViewBacked(state)) castViewChange(step, 'all');
  // While blocks become final, whoever misses a vote is helped by its STATUS or by sync.
  if (state.stableAtResend === stableOf(state)) resendVotes(step, 'all', NOTHING);
}

/** Something moved: the next slow tick comes soon. */
export function hastenResend(state: ReplicaState): void {
  state.resendInterval = ticksOf(state, state.config.resendMsMin);
  state.resendIn = Math.min(state.resendIn, state.resendInterval);
}

/** What was passed on to me is seldom all: the next STATUS goes out as soon as peers answer again (spec PBFT-R2). */
export function hastenForHelp(state: ReplicaState): void {
  hastenResend(state);
  state.resendIn = Math.min(state.resendIn, ticksOf(state, state.config.answerMsMin));
}

export function onPeerConnected(step: Step): void {
  hastenResend(step.state);
  // At the next tick, so that many connections at once cost one round.
  step.state.resendIn = Math.min(step.state.resendIn, 1);
  step.state.stableAtResend = stableOf(step.state);
}

export function onStatus(step: Step, message: Verified<StatusMessage>): void {
  const { state } = step;
  const { termState, config } = state;
  const peer = peerOf(state, message.sender);
  const nodeId = nodeIdOf(state, message.sender);
  if (message.sender === termState.self) {
    const isOther = message.instance !== config.instance && message.incarnation >= config.incarnation;
    if (isOther)
      stopForSecondCopy(
        step,
        `a STATUS of this node from instance ${message.instance}, incarnation ${message.incarnation}`,
      );
    return;
  }
  const isAnswerable =
    peer.answeredTick === undefined || state.now - peer.answeredTick >= ticksOf(state, config.answerMsMin);
  const held = peer.status;
  if (held !== undefined && held.instance !== message.instance && held.incarnation >= message.incarnation) {
    // Two processes with one key, or an old message: whoever holds the connection learns of the other.
    if (isAnswerable) step.effects.push({ type: 'sendSigned', to: nodeId, message: held });
    peer.answeredTick = isAnswerable ? state.now : peer.answeredTick;
    return;
  }
  peer.status = message;
  if (isFarAhead(state, message)) hintBehind(step);
  if (isAnswerable && answer(step, message, nodeId)) peer.answeredTick = state.now;
}

/** spec PBFT-R2: what a peer misses is passed on by anyone who has it, not only by its author. True when something was sent. */
function answer(step: Step, status: StatusMessage, to: NodeId): boolean {
  const { state, effects } = step;
  const { termState } = state;
  const count = effects.length;
  // It learns from my STATUS that it is behind, and syncs.
  if (status.stableHeight < stableOf(state)) sendStatus(step, to);
  const decision = termState.highestCommitted;
  if (decision !== undefined && status.decidedHeight < decision.height) {
    const message = { type: 'commit-certificate', certificate: decision } as const;
    effects.push({ type: 'sendSigned', to, message: message as Verified<typeof message> });
  }
  const misses = {
    prepared: status.view === termState.view && !status.changing ? status.preparedHeight : status.stableHeight,
    decided: status.decidedHeight,
    stable: status.stableHeight,
  };
  if (!termState.changing && status.view <= termState.view) {
    if (status.view < termState.view || status.changing) passOnNewView(step, to);
    passOnProposals(step, to, misses.prepared);
  }
  // Whatever its view: RESULTs are bound to none.
  resendVotes(step, to, misses);
  if (effects.length > count) cover(step, 'R2');
  return effects.length > count;
}

function passOnNewView(step: Step, to: NodeId): void {
  const { newView, view } = step.state.termState;
  // View 0 has none: its STATUS tells a peer that claims to be changing to it.
  if (newView === undefined) return;
  if (newView.signature !== undefined) {
    const message = { ...newView, signature: newView.signature };
    // It was verified when it came in, or it is my own that came back signed.
    step.effects.push({ type: 'sendSigned', to, message: message as Verified<typeof message> });
  } else if (mayVote(step.state)) {
    castNewView(step, to, { view, claims: newView.claims, certificate: newView.certificate });
  }
}

function passOnProposals(step: Step, to: NodeId, above: Height): void {
  const { state, effects } = step;
  const { candidates, certificates, proposals, ownProposals } = state.termState;
  for (const [height, digest] of ascending(candidates)) {
    const message = proposals.get(digest)?.message;
    if (height <= Math.max(above, stableOf(state)) || message === undefined || ownProposals.has(height)) continue;
    effects.push({ type: 'sendSigned', to, message });
  }
  const highest = ascending(certificates).at(-1)?.[1];
  if (highest === undefined || highest.height <= Math.max(above, stableOf(state))) return;
  const message = { type: 'prepared-certificate', certificate: highest } as const;
  effects.push({ type: 'sendSigned', to, message: message as Verified<typeof message> });
}

/** A message of another term: its sender, or I, must learn how far the chain is. A hint that nobody has verified. */
export function onOtherTerm(step: Step, term: Term, from: NodeId): void {
  const { state } = step;
  const last = state.hinted.get(from);
  if (last !== undefined && state.now - last < ticksOf(state, state.config.answerMsMin)) return;
  if (state.hinted.size >= HINTED_PEERS_MAX) state.hinted.clear();
  state.hinted.set(from, state.now);
  if (term < termOf(state).term) sendStatus(step, from);
  else step.effects.push({ type: 'behind', height: termOf(state).endHeight, from: [from] });
}

/** Waiting for the pipeline would not bring me there. */
function isFarAhead(state: ReplicaState, status: StatusMessage): boolean {
  const stable = stableOf(state);
  return status.stableHeight > stable && (state.termState.decidedHeight === stable || status.stableHeight > stable + 2);
}

/** spec PBFT-R3: behind by a final block, sync; never vote on the way. */
function hintBehind(step: Step): void {
  const { state } = step;
  const stable = stableOf(state);
  const ahead = state.termState.peers.flatMap(({ status }) =>
    status === undefined || status.stableHeight <= stable
      ? []
      : [{ nodeId: nodeIdOf(state, status.sender), height: status.stableHeight }],
  );
  if (ahead.length === 0) return;
  if (state.behindTick !== undefined && state.now - state.behindTick < ticksOf(state, state.config.fetchMsMin)) return;
  state.behindTick = state.now;
  cover(step, 'R3');
  const height = Math.max(...ahead.map((peer) => peer.height)) as Height;
  step.effects.push({ type: 'behind', height, from: ahead.map((peer) => peer.nodeId) });
  markChanged(step);
}

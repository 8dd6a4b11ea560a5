import type { HashHex, Height, NodeId, ValidatorIndex } from '@hansa/primitives';
import { primaryOf } from './primary.ts';
import { preparedHeightOf } from './safety.ts';
import { nodeIdOf, type ReplicaState, stableOf, termOf } from './state.ts';
import type { PbftStatus, PeerStatus, ResultGroup } from './status.ts';
import { viewTimeoutTicks } from './timers.ts';
import { silenceOf } from './voting-right.ts';

/** The picture of a replica that people and programs read. */
export function statusOf(state: ReplicaState): PbftStatus {
  const { termState } = state;
  const term = termOf(state);
  const { info, view } = termState;
  const primary = nodeIdOf(state, primaryOf(term, view)) ?? state.config.nodeId;
  return {
    index: termState.self,
    silence: silenceOf(state),
    term: term.term,
    view,
    changing: termState.changing,
    primary,
    stableHeight: stableOf(state),
    decidedHeight: termState.decidedHeight,
    preparedHeight: preparedHeightOf(state),
    tip: termState.tip === undefined ? undefined : { height: termState.tip.height, digest: termState.tip.digest },
    endHeight: term.endHeight,
    endScheduled: term.endScheduled,
    totalWeight: info.total,
    quorumWeight: info.quorum,
    maxFaultyWeight: info.maxFaulty,
    timeoutExponent: termState.viewChanges,
    timer: termState.timerRuns
      ? { elapsedTicks: termState.timerTicks, limitTicks: viewTimeoutTicks(state) }
      : undefined,
    suspecting: termState.ownSuspect !== undefined,
    resultGroups: resultGroupsOf(state),
    inFlight: inFlightOf(state),
    peers: term.validators.map((_, index) => peerStatusOf(state, index as ValidatorIndex)),
    droppedCount: termState.buffer.droppedCount,
  };
}

function resultGroupsOf(state: ReplicaState): readonly ResultGroup[] {
  const height = (stableOf(state) + 1) as Height;
  const votes = state.termState.results.get(height);
  const groups = new Map<HashHex, { weight: number; nodeIds: NodeId[] }>();
  for (const [index, { nodeId, weight }] of termOf(state).validators.entries()) {
    const blockHash = votes?.voteOf(index as ValidatorIndex)?.digest;
    if (blockHash === undefined) continue;
    const group = groups.get(blockHash) ?? { weight: 0, nodeIds: [] };
    group.weight += weight;
    group.nodeIds.push(nodeId);
    groups.set(blockHash, group);
  }
  return [...groups]
    .map(([blockHash, group]) => ({ height, blockHash, ...group }))
    .sort((a, b) => b.weight - a.weight || (a.blockHash < b.blockHash ? -1 : 1));
}

function peerStatusOf(state: ReplicaState, index: ValidatorIndex): PeerStatus {
  const { peers, view } = state.termState;
  const peer = peers[index];
  const validator = termOf(state).validators[index];
  return {
    index,
    nodeId: validator?.nodeId ?? state.config.nodeId,
    weight: validator?.weight ?? 0,
    view: peer?.view ?? view,
    changing: peer?.status?.changing ?? false,
    stableHeight: peer?.status?.stableHeight,
    decidedHeight: peer?.status?.decidedHeight,
    silentTicks: peer?.heardTick === undefined ? undefined : state.now - peer.heardTick,
    suspects: peer?.suspect?.view === view,
  };
}

/** The chain that is being worked on: decided, else prepared, else proposed, from the final block upwards. */
function inFlightOf(state: ReplicaState): { height: Height; digest: HashHex }[] {
  const { termState } = state;
  const { decided, ownPrepares, candidates, tip } = termState;
  const chain: { height: Height; digest: HashHex }[] = [];
  const top = Math.max(
    stableOf(state),
    ...decided.keys(),
    ...ownPrepares.keys(),
    ...candidates.keys(),
    tip?.height ?? 0,
  );
  let below: HashHex | undefined;
  // From the top: where only the tip is known by name, its parents name the rest.
  for (let h = top; h > stableOf(state); h--) {
    const height = h as Height;
    const named = tip?.height === height ? tip.digest : undefined;
    const digest = decided.get(height) ?? ownPrepares.get(height) ?? candidates.get(height) ?? named ?? below;
    below = digest === undefined ? undefined : termState.proposals.get(digest)?.proposal.parentDigest;
    if (digest !== undefined) chain.push({ height, digest });
  }
  return chain.reverse();
}

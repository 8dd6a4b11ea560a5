import { compareText, type HashHex, type Height, type NodeId, type ValidatorIndex } from '@hansa/primitives';
import type { Validator } from '@hansa/protocol';
import { primaryOf } from './primary.ts';
import { preparedHeightOf } from './safety.ts';
import { nodeIdOf, peerOf, type ReplicaState, stableOf, termOf } from './state.ts';
import type { PbftStatus, PeerStatus, ResultGroup } from './status.ts';
import { viewTimeoutTicks } from './timers.ts';
import { silenceOf } from './voting-right.ts';

/** The picture of a replica that people and programs read. */
export function statusOf(state: ReplicaState): PbftStatus {
  const { termState } = state;
  const term = termOf(state);
  const { info, view } = termState;
  const primary = nodeIdOf(state, primaryOf(term, view));
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
    peers: term.validators.map((validator, index) => peerStatusOf(state, validator, index as ValidatorIndex)),
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
    .sort((a, b) => b.weight - a.weight || compareText(a.blockHash, b.blockHash));
}

function peerStatusOf(state: ReplicaState, { nodeId, weight }: Validator, index: ValidatorIndex): PeerStatus {
  const { view, status, heardTick, suspect } = peerOf(state, index);
  return {
    index,
    nodeId,
    weight,
    view,
    changing: status?.changing ?? false,
    stableHeight: status?.stableHeight,
    decidedHeight: status?.decidedHeight,
    silentTicks: heardTick === undefined ? undefined : state.now - heardTick,
    suspects: suspect?.view === state.termState.view,
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

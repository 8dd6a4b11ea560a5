import type { PbftStatus, SilenceReason } from '@hansa/consensus';
import type { PeerInfo } from '@hansa/network';
import type { NodeId } from '@hansa/primitives';

/** Ticks of 50 ms: a validator that said nothing for so long counts as missing. STATUS comes every 4 s at the least. */
const SILENT_TICKS_MAX = 120;

/** A transaction that waits for longer is worth a word. */
const WAITING_MS_MAX = 3_000;

export type DiagnosisInput = {
  readonly pbft: PbftStatus;
  readonly nodeId: NodeId;
  readonly peers: readonly PeerInfo[];
  /** Executable transactions in the pool. */
  readonly pendingCount: number;
  /** For how long one of them could have been ordered. */
  readonly longestWaitMs: number;
  readonly clockSkewMs: number;
  /** How far the peers are ahead, when this node follows them by sync. */
  readonly behindBy: number;
  /** Name of a node for people: its organisation and the start of its id. */
  readonly nameOf: (nodeId: NodeId) => string;
};

export type Diagnosis = {
  /** Null: blocks come, or there is nothing to order. */
  readonly whyNoBlock: string | null;
  /** What to do about it. */
  readonly remedy: string | null;
  readonly missing: readonly NodeId[];
};

const SILENCE_TEXT: Readonly<Record<SilenceReason, readonly [string, string]>> = {
  diverged: [
    'this node computes another result than the quorum and has stopped voting',
    'wait: it executes the block again, and fetches the chain again if that is not enough',
  ],
  nondeterminism: [
    'this node computed two results for one block and has stopped voting',
    'check memory and disk of this machine, then `hansa start --rebuild`',
  ],
  'second copy': ['another process votes with the key of this node', 'stop the other one; a key must run once'],
  'safety violation': [
    'certificates contradict each other: more validators are faulty than the chain tolerates',
    'stop, and compare the ledgers of all members by `hansa verify`',
  ],
  'not a validator': ['this node is an observer', 'nothing to do: it follows'],
  'vote store lost': [
    'the vote store is new: this node votes again in a later term, when a quorum has told how far the chain had come',
    'wait: a term ends after consensus_leader_period blocks at the latest, or with a change of members or parameters',
  ],
  'ledger behind votes': [
    'the ledger is older than the votes of this node: it fetches blocks first',
    'wait until it has caught up',
  ],
  'incarnation not acknowledged': [
    'too few validators have acknowledged this start',
    'start the other validators or mend the connection to them',
  ],
};

/** Validators that are not heard of. */
export function missingValidators(pbft: PbftStatus, nodeId: NodeId, connected: ReadonlySet<NodeId>): NodeId[] {
  return pbft.peers
    .filter(
      (peer) =>
        peer.nodeId !== nodeId &&
        (!connected.has(peer.nodeId) || (peer.silentTicks ?? Number.POSITIVE_INFINITY) > SILENT_TICKS_MAX),
    )
    .map((peer) => peer.nodeId);
}

/** Groups of equal results when those that have not signed yet cannot bring any of them to a quorum. */
export function splitResults(pbft: PbftStatus): PbftStatus['resultGroups'] | undefined {
  const { resultGroups, totalWeight, quorumWeight } = pbft;
  const heaviest = resultGroups[0];
  if (heaviest === undefined) return undefined;
  const signed = resultGroups.reduce((sum, { weight }) => sum + weight, 0);
  return heaviest.weight + totalWeight - signed < quorumWeight ? resultGroups : undefined;
}

/** Says in words why there is no block, most serious reason first. */
export function diagnose(input: DiagnosisInput): Diagnosis {
  const { pbft, nameOf } = input;
  const connected = new Set(input.peers.filter((peer) => peer.state === 'connected').map((peer) => peer.nodeId));
  const missing = missingValidators(pbft, input.nodeId, connected);
  const answer = (whyNoBlock: string | null, remedy: string | null): Diagnosis => ({ whyNoBlock, remedy, missing });
  if (input.behindBy > 0) return answer(`fetching blocks: ${input.behindBy} behind`, 'wait');
  const names = missing.map(nameOf).join(', ');
  const absent = new Set<NodeId>(missing);
  const presentWeight = pbft.peers
    .filter((peer) => !absent.has(peer.nodeId))
    .reduce((sum, peer) => sum + peer.weight, 0);
  if (presentWeight < pbft.quorumWeight) {
    return answer(
      `no quorum: ${presentWeight} of ${pbft.totalWeight} votes are here, ${pbft.quorumWeight} are needed; missing: ${names}`,
      `start the missing nodes, or mend the connection to them`,
    );
  }
  if (pbft.silence !== undefined && pbft.silence !== 'not a validator') return answer(...SILENCE_TEXT[pbft.silence]);
  const split = splitResults(pbft);
  if (split !== undefined) {
    const groups = split.map(
      ({ blockHash, weight, nodeIds }) =>
        `0x${blockHash.slice(0, 16)} ${weight} votes (${nodeIds.map(nameOf).join(', ')})`,
    );
    return answer(
      `no quorum of equal results of block ${split[0]?.height}: ${groups.join('; ')}`,
      'compare the reports in data/divergence, program and runtime of the members of each group',
    );
  }
  const wrongClock = input.peers.find(
    (peer) => peer.clockOffsetMs !== undefined && Math.abs(peer.clockOffsetMs) > input.clockSkewMs,
  );
  if (wrongClock !== undefined) {
    const seconds = ((wrongClock.clockOffsetMs as number) / 1000).toFixed(1);
    return answer(
      `the clock of ${nameOf(wrongClock.nodeId)} differs by ${seconds} s from this one, ${input.clockSkewMs / 1000} s are allowed`,
      'let both machines keep time by NTP',
    );
  }
  if (pbft.changing)
    return answer(
      `changing to view ${pbft.view}, its primary is ${nameOf(pbft.primary)}`,
      'wait some seconds; if it stays, see which validator is missing',
    );
  if (input.pendingCount > 0 && (pbft.suspecting || input.longestWaitMs > WAITING_MS_MAX)) {
    const isGone = absent.has(pbft.primary);
    return answer(
      `${input.pendingCount} transactions wait; the primary ${nameOf(pbft.primary)} ${isGone ? 'is not connected' : 'does not propose'}`,
      'a view change follows by itself within seconds; if none comes, compare `hansa status` of all validators',
    );
  }
  return answer(null, null);
}

export const silenceText = (reason: SilenceReason): readonly [string, string] => SILENCE_TEXT[reason];

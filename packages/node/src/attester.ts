/**
 * What the node of a validator says on chain by itself, in transactions signed by its own key: that it has seen a candidate
 * (docs/spec/governance.md, GOV-41), and that it votes when the chain counts it as absent (GOV-52).
 */
import { argumentTypes, encodeCall } from '@hansa/executor';
import type { LedgerReader, StateSnapshot } from '@hansa/ledger';
import {
  ATTESTATION_HEIGHTS,
  ATTESTATION_LAG_MAX,
  CONSENSUS_ADDRESS,
  presenceKey,
  type Registry,
  readAttestations,
  readRegistry,
  readTermNumber,
  readTermState,
} from '@hansa/membership';
import type { Network, PeerInfo } from '@hansa/network';
import type { HashHex, NodeId, ValidatorIndex } from '@hansa/primitives';
import type { Clock } from './clock.ts';
import type { VoteSigner } from './consensus/ports.ts';
import type { HeadView } from './head-view.ts';
import type { Logger } from './logger.ts';
import type { NodeAccount } from './node-account.ts';

/** How often a validator looks. */
const LOOK_MS = 500;
/** For so long a candidate must have been connected, answering and at the head before it is attested. */
const OBSERVED_MS = 3_000;

export type AttesterDependencies = {
  readonly nodeId: NodeId;
  readonly votes: VoteSigner;
  readonly network: Pick<Network, 'peers'>;
  readonly headView: Pick<HeadView, 'head' | 'headHash'>;
  readonly reader: Pick<LedgerReader, 'snapshot' | 'hashAt'>;
  /** Whether this node votes now: a silent one attests nothing. */
  readonly isVoting: () => boolean;
  readonly account: NodeAccount;
  readonly clock: Pick<Clock, 'every' | 'monotonicMs'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
};

export type Attester = { start(): void; stop(): void };

export function createAttester(dependencies: AttesterDependencies): Attester {
  const { nodeId, votes, network, headView, reader, account, clock, logger } = dependencies;
  /** Since when each candidate has been seen without a break. Bounded by the candidates of the registry. */
  const seenSinceMs = new Map<NodeId, number>();
  let registry: { readonly root: HashHex; readonly value: Registry } | undefined;
  /** Head at which there was nothing to say: until the next one there is nothing either. */
  let idleAt: HashHex | undefined;
  let cancel = (): void => undefined;

  function look(): void {
    const { term } = headView.head();
    if (!dependencies.isVoting() || !term.validators.some((validator) => validator.nodeId === nodeId)) {
      seenSinceMs.clear();
      return;
    }
    if (account.isBusy()) return;
    if (headView.headHash() === idleAt) return;
    const state = reader.snapshot();
    try {
      const data = attestation(state);
      if (data !== undefined) account.send(CONSENSUS_ADDRESS, data);
      else if (isCountedAbsent(state)) provePresence(state);
      else if (seenSinceMs.size === 0 && candidatesOf(state).length === 0) idleAt = headView.headHash();
    } finally {
      void state.close();
    }
  }

  function attestation(state: StateSnapshot): Uint8Array | undefined {
    const { height } = headView.head();
    const peers = network.peers();
    for (const candidate of candidatesOf(state)) {
      const peer = peers.find((each) => each.nodeId === candidate);
      if (!isGood(peer)) {
        seenSinceMs.delete(candidate);
        continue;
      }
      const since = seenSinceMs.get(candidate) ?? clock.monotonicMs();
      seenSinceMs.set(candidate, since);
      const own = readAttestations(state, candidate).find((each) => each.nodeId === nodeId);
      // Renewed before it ends, so that those of the others meet it.
      const isCounted = own !== undefined && own.height + ATTESTATION_HEIGHTS / 2 > height;
      if (isCounted || clock.monotonicMs() - since < OBSERVED_MS) continue;
      logger.info('a candidate is attested', { candidate: candidate.slice(0, 16), height: peer.height });
      return callData('attest(string,uint256,bytes32)', [candidate, BigInt(peer.height), peer.headHash]);
    }
    return undefined;
  }

  function candidatesOf(state: StateSnapshot): readonly NodeId[] {
    const root = state.header.registryRoot;
    if (registry?.root !== root) registry = { root, value: readRegistry(state) };
    const candidates = registry.value.nodes.filter(({ role }) => role === 'candidate').map((node) => node.nodeId);
    for (const known of seenSinceMs.keys()) if (!candidates.includes(known)) seenSinceMs.delete(known);
    return candidates;
  }

  /** Connected, answering heartbeats on its authenticated connection, and at a head that this node has too. */
  function isGood(
    peer: PeerInfo | undefined,
  ): peer is PeerInfo & { readonly height: number; readonly headHash: HashHex } {
    if (peer === undefined || peer.state !== 'connected' || peer.roundTripMs === undefined) return false;
    const { height, headHash } = peer;
    if (height === undefined || headHash === undefined) return false;
    // The block that will say so is higher than the head by one or two.
    const lag = headView.head().height - height;
    return lag >= 0 && lag < ATTESTATION_LAG_MAX - 2 && reader.hashAt(height) === headHash;
  }

  function isCountedAbsent(state: StateSnapshot): boolean {
    const { info, absent } = readTermState(state);
    if (!absent.some((each) => each.nodeId === nodeId) || headView.head().height <= info.baseHeight) return false;
    return readTermNumber(state, presenceKey(nodeId)) !== info.term;
  }

  function provePresence(state: StateSnapshot): void {
    const { term } = readTermState(state).info;
    const { height, blockHash, proposalDigest, term: current } = headView.head();
    const sender = current.validators.findIndex((validator) => validator.nodeId === nodeId) as ValidatorIndex;
    // The same bytes as its RESULT for this final block: nothing that an honest validator would not sign.
    const vote = { type: 'result', term, sender, height, blockHash } as const;
    votes.signVotes({ final: { height, proposalDigest }, votes: [{ vote, parent: undefined }] }, ([signature]) => {
      // Another transaction may have gone out meanwhile: it is looked at again soon.
      if (signature === undefined || account.isBusy()) return;
      logger.warn('the chain counts this validator as absent: it shows that it votes', { term });
      account.send(
        CONSENSUS_ADDRESS,
        callData('provePresence(string,uint256,bytes)', [nodeId, BigInt(height), signature]),
      );
    });
  }

  return {
    start: () => {
      cancel = clock.every(LOOK_MS, look);
    },
    stop: () => cancel(),
  };
}

const callData = (signature: string, values: Parameters<typeof encodeCall>[2]): Uint8Array =>
  encodeCall(signature, argumentTypes(signature), values);

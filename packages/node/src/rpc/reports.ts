import type { LedgerReader } from '@hansa/ledger';
import {
  isSameValidatorSet,
  type RegisteredNode,
  type Registry,
  readAttestations,
  readCommittee,
  readParameters,
  readRegistry,
  readSuccessor,
  validatorSetOf,
} from '@hansa/membership';
import type { Network, PeerInfo } from '@hansa/network';
import type { NodeId } from '@hansa/primitives';
import type { MembersReport, NodeReports, NodeStatusReport } from '@hansa/rpc';
import { certificateState, daysLeft, type NodeCertificate } from '../certificate/node-certificate.ts';
import type { ConsensusDriver } from '../consensus/driver.ts';
import type { HeadView } from '../head-view.ts';
import type { Health } from '../health.ts';
import type { MisbehaviourStore } from '../misbehaviour-store.ts';
import type { SyncDriver } from '../sync-driver.ts';
import { createGovernanceReports } from './governance-reports.ts';

export type ReportsDependencies = {
  readonly nodeId: NodeId;
  readonly reader: LedgerReader;
  readonly headView: HeadView;
  readonly network: Network;
  readonly driver: ConsensusDriver;
  readonly sync: SyncDriver;
  readonly health: Health;
  readonly certificate: NodeCertificate | undefined;
  readonly misbehaviours: MisbehaviourStore;
  readonly monotonicMs: () => number;
};

/** What the node says of itself and of the consortium. */
export function createReports(dependencies: ReportsDependencies): NodeReports {
  const { nodeId, reader, headView, network, driver, sync, health } = dependencies;
  let cached: { readonly root: string; readonly registry: Registry } | undefined;

  function registry(): Registry {
    const root = headView.header().registryRoot;
    if (cached?.root === root) return cached.registry;
    const state = reader.snapshot();
    cached = { root: state.header.registryRoot, registry: readRegistry(state) };
    void state.close();
    return cached.registry;
  }

  const organisationOf = (id: NodeId): string | null =>
    registry().nodes.find((node) => node.nodeId === id)?.organisationId ?? null;

  function peerReport(peer: PeerInfo): NodeStatusReport['peers'][number] {
    return {
      nodeId: peer.nodeId,
      organisation: organisationOf(peer.nodeId),
      state: peer.state,
      address: peer.address ?? null,
      height: peer.height ?? null,
      clockOffsetMs: peer.clockOffsetMs ?? null,
      roundTripMs: peer.roundTripMs ?? null,
      lastError: peer.lastError?.message ?? null,
    };
  }

  function divergenceReport(): NodeStatusReport['divergence'] {
    const divergence = health.divergence();
    if (divergence === undefined) return null;
    const { height, field, certified, own, report } = divergence;
    const { key = null, certifiedValue = null, ownValue = null, healing = null } = report ?? {};
    return { height, field, certified, own, key, certifiedValue, ownValue, healing };
  }

  /** What a node that is in no registry any more, or not yet, has to know; undefined: it has its place. */
  function strangerReport(): { readonly whyNoBlock: string; readonly remedy: string } | undefined {
    if (driver.status.index !== undefined || registry().nodes.some((node) => node.nodeId === nodeId)) return undefined;
    const state = reader.snapshot();
    const successor = readSuccessor(state, nodeId);
    void state.close();
    if (successor === undefined)
      return {
        whyNoBlock: 'this node is no member: its key is not in the registry',
        remedy: 'its organisation lets it in: `hansa invite`, or `hansa members add-observer`',
      };
    const { newNodeId, height } = successor;
    return {
      whyNoBlock: `this node is no member any more: ${newNodeId.slice(0, 16)} has its place since height ${height}`,
      remedy: 'stop it, and destroy its key',
    };
  }

  function certificateReport(): NodeStatusReport['certificate'] {
    const { certificate } = dependencies;
    if (certificate === undefined) return null;
    const { subject, issuer, serialNumber, notAfterMs } = certificate;
    const nowMs = Date.now();
    return {
      ...{ subject, issuer, serialNumber, notAfter: new Date(notAfterMs).toISOString() },
      ...{ daysLeft: daysLeft(certificate, nowMs), state: certificateState(certificate, nowMs) },
    };
  }

  function status(): NodeStatusReport {
    const pbft = driver.status;
    const progress = sync.progress();
    const diagnosis = health.diagnosis(pbft, progress);
    const stranger = progress.behind ? undefined : strangerReport();
    const { whyNoBlock, remedy, missing } = stranger === undefined ? diagnosis : { ...diagnosis, ...stranger };
    const absent = new Set<NodeId>(missing);
    const presentWeight = pbft.peers
      .filter((peer) => !absent.has(peer.nodeId))
      .reduce((sum, peer) => sum + peer.weight, 0);
    const committedAtMs = headView.committedAtMs();
    return {
      nodeId,
      organisation: organisationOf(nodeId),
      role: pbft.index !== undefined ? 'validator' : stranger === undefined ? 'observer' : 'none',
      voting: pbft.silence === undefined && health.impediment() === undefined,
      lastBlockAgeMs: committedAtMs === undefined ? null : Math.round(dependencies.monotonicMs() - committedAtMs),
      term: pbft.term,
      view: pbft.view,
      changing: pbft.changing,
      primary: pbft.primary,
      validatorCount: pbft.peers.length,
      totalWeight: pbft.totalWeight,
      quorumWeight: pbft.quorumWeight,
      toleratedWeight: pbft.maxFaultyWeight,
      presentWeight,
      missing: missing.map((id) => ({ nodeId: id, organisation: organisationOf(id) })),
      whyNoBlock,
      remedy,
      divergence: divergenceReport(),
      certificate: certificateReport(),
      setAside: registry()
        .nodes.filter(isSetAside)
        .map((node) => ({
          nodeId: node.nodeId,
          organisation: node.organisationId,
          role: node.role,
          since: node.since,
          reason: node.reason,
        })),
      results: pbft.resultGroups.map((group) => ({ ...group, blockHash: `0x${group.blockHash}` })),
      peers: network.peers().map(peerReport),
    };
  }

  function members(): MembersReport {
    const state = reader.snapshot();
    const parameters = readParameters(state);
    const committee = readCommittee(state);
    const current = registry();
    const attested = new Map(
      current.nodes
        .filter(({ role }) => role === 'candidate')
        .map((node) => [node.nodeId, readAttestations(state, node.nodeId).map((each) => each.nodeId)]),
    );
    void state.close();
    const { term } = headView.head();
    const isChanged = !isSameValidatorSet(validatorSetOf(current), term.validators);
    const isParameterChanged = (Object.keys(parameters) as (keyof typeof parameters)[]).some(
      (key) => parameters[key] !== term.parameters[key],
    );
    return {
      term: term.term,
      changePending: isChanged || isParameterChanged,
      organisations: current.organisations.map(({ id, name, contact, admins, threshold }) => ({
        id,
        name,
        contact,
        admins: admins.map((admin) => `0x${admin}`),
        threshold,
        governorWeight: committee.governors.find(({ organisationId }) => organisationId === id)?.weight ?? 0,
      })),
      members: current.nodes.map((node) => ({
        nodeId: node.nodeId,
        organisation: node.organisationId,
        role: node.role,
        weight: node.weight,
        addresses: node.addresses,
        since: node.since,
        reason: node.reason,
        attestedBy: attested.get(node.nodeId) ?? [],
      })),
    };
  }

  return {
    syncing: () => {
      const progress = sync.progress();
      return progress.behind
        ? { starting: progress.height, current: progress.height, highest: progress.target }
        : undefined;
    },
    peerCount: () => network.connected().length,
    quarantine: () => health.quarantine(),
    status,
    members,
    ...createGovernanceReports(reader, registry),
    misbehaviour: () => dependencies.misbehaviours.records(),
  };
}

/** Demoted, suspended, or a candidate: somebody should know of it. */
function isSetAside({ role, reason }: RegisteredNode): boolean {
  return role === 'suspended' || role === 'candidate' || (role === 'observer' && reason.startsWith('absent for '));
}

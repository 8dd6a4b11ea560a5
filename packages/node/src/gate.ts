import type { Network } from '@hansa/network';
import type { NodeId } from '@hansa/primitives';
import type { EntryNode, TermInfo } from '@hansa/protocol';
import type { Clock } from './clock.ts';
import type { AdmissionFacts } from './execution/messages.ts';

/** A removed validator is needed for the last block of its term, and is given this long to get it before it is cut. */
const FAREWELL_MS = 2_000;

export type Gate = {
  /** The registry or the term has changed. Effective at once, but for a validator whose last term has just ended. */
  update(admission: AdmissionFacts, term: TermInfo): void;
  /** Nobody is cut any more. */
  stop(): void;
};

export type GateDependencies = {
  readonly network: Pick<Network, 'setAdmission'>;
  readonly nodeId: NodeId;
  /** Of the invite by which this node joined: connected to until the own registry names this node (JOIN-24). */
  readonly entries: readonly EntryNode[];
  readonly clock: Pick<Clock, 'after'>;
};

/** Keeps the network's list of who may connect equal to the registry (docs/spec/membership.md, MEM-30 and MEM-31). */
export function createGate({ network, nodeId, entries, clock }: GateDependencies): Gate {
  let validators: ReadonlySet<NodeId> = new Set();
  let cancel = (): void => undefined;
  return {
    update: (facts, term) => {
      cancel();
      const isRegistered = facts.nodes.some((node) => node.nodeId === nodeId);
      const admission = isRegistered ? facts : { nodes: withEntries(facts.nodes, entries) };
      const admitted = new Set(admission.nodes.map((node) => node.nodeId));
      const leaving = [...validators].filter((id) => !admitted.has(id) && id !== nodeId);
      validators = new Set(term.validators.map((validator) => validator.nodeId));
      if (leaving.length === 0) return network.setAdmission(admission);
      network.setAdmission({ nodes: [...admission.nodes, ...leaving.map((id) => ({ nodeId: id, addresses: [] }))] });
      cancel = clock.after(FAREWELL_MS, () => network.setAdmission(admission));
    },
    stop: () => cancel(),
  };
}

type AdmittedNode = AdmissionFacts['nodes'][number];

/** An entry node is reached where the invite says, and where the registry says. */
function withEntries(nodes: readonly AdmittedNode[], entries: readonly EntryNode[]): readonly AdmittedNode[] {
  const merged = new Map(nodes.map((node) => [node.nodeId, node]));
  for (const { nodeId, address } of entries) {
    const addresses = merged.get(nodeId)?.addresses ?? [];
    merged.set(nodeId, { nodeId, addresses: [address, ...addresses.filter((known) => known !== address)] });
  }
  return [...merged.values()];
}

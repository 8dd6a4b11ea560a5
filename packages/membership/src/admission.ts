import { compareText, type NodeId } from '@hansa/primitives';
import type { ValidatorSet } from '@hansa/protocol';
import type { Registry } from './registry.ts';

export type AdmittedNode = { readonly nodeId: NodeId; readonly addresses: readonly string[] };

/**
 * Who may connect (spec MEM-30): every registered node that is not suspended, and the validators of the term in force even
 * when they were removed or suspended: they are needed, and are sent what is final, until the last block of their last
 * term. Ascending by node id.
 */
export function admissionSnapshot(registry: Registry, validators: ValidatorSet): readonly AdmittedNode[] {
  const nodes: AdmittedNode[] = registry.nodes
    .filter(({ role }) => role !== 'suspended')
    .map(({ nodeId, addresses }) => ({ nodeId, addresses }));
  const known = new Set<NodeId>(nodes.map((node) => node.nodeId));
  for (const { nodeId } of validators) if (!known.has(nodeId)) nodes.push({ nodeId, addresses: [] });
  return nodes.sort((a, b) => compareText(a.nodeId, b.nodeId));
}

import type { HashHex, Height, Term, ValidatorIndex, View } from '@hansa/primitives';
import type { PbftMessage, Proposal, Verified, VoteCertificate } from '@hansa/protocol';
import type { PbftEffect, PbftReport } from '../src/index.ts';
import { type Cluster, digestOf, NO_SIGNATURE, nodeIdOf } from './cluster.ts';

type Kind = PbftMessage['type'];
type Content<K extends Kind> = Omit<Extract<PbftMessage, { type: K }>, 'type' | 'term' | 'sender' | 'signature'>;

/** A message of term 0, as if its signature had been checked. */
export function message<K extends Exclude<Kind, 'prepared-certificate' | 'commit-certificate'>>(
  type: K,
  sender: number,
  content: Content<K>,
): Verified<PbftMessage> {
  const envelope = { type, term: 0 as Term, sender: sender as ValidatorIndex, signature: NO_SIGNATURE };
  return { ...envelope, ...content } as unknown as Verified<PbftMessage>;
}

export const view = (value: number): View => value as View;
export const height = (value: number): Height => value as Height;

/** Signed by validators 0 to 2 of view 0 unless said otherwise. */
export function certificate(at: {
  readonly height: number;
  readonly digest: HashHex;
  readonly view?: number;
  readonly signers?: readonly number[];
}): VoteCertificate {
  const signatures = (at.signers ?? [0, 1, 2]).map((index) => ({
    index: index as ValidatorIndex,
    signature: NO_SIGNATURE,
  }));
  return { term: 0 as Term, view: view(at.view ?? 0), height: height(at.height), digest: at.digest, signatures };
}

export function passedOn(kind: 'prepared' | 'commit', at: Parameters<typeof certificate>[0]): Verified<PbftMessage> {
  return { type: `${kind}-certificate`, certificate: certificate(at) } as unknown as Verified<PbftMessage>;
}

/** A proposal that nobody of the cluster has made. */
export function strange(
  cluster: Cluster,
  change: Partial<Proposal> = {},
): { readonly proposal: Proposal; readonly digest: HashHex } {
  const head = cluster.genesisHead();
  const proposal: Proposal = {
    chainId: 1,
    groupId: 'strange',
    term: 0 as Term,
    height: height(1),
    view: view(0),
    parentDigest: head.proposalDigest,
    timestamp: head.timestamp + 1,
    proposer: 0 as ValidatorIndex,
    transactionHashes: [],
    ...change,
  };
  return { proposal, digest: digestOf(proposal) };
}

/** Gives messages to one node, and what it did to the list that is returned. */
export function give(cluster: Cluster, index: number, ...messages: readonly Verified<PbftMessage>[]): PbftEffect[] {
  const effects = watch(cluster, index);
  for (const one of messages) {
    const sender = 'sender' in one ? one.sender : 0;
    cluster.give(cluster.node(index), { type: 'message', message: one, from: nodeIdOf(sender) });
  }
  return effects;
}

/** What this node does from now on. */
export function watch(cluster: Cluster, index: number): PbftEffect[] {
  const effects: PbftEffect[] = [];
  cluster.onEffect = (node, effect) => {
    if (node.index === index) effects.push(effect);
  };
  return effects;
}

export const sentBy = (effects: readonly PbftEffect[]): PbftMessage['type'][] =>
  effects.flatMap((effect) => (effect.type === 'send' ? [effect.vote.type] : []));

export const reportsOf = <T extends PbftReport['type']>(
  cluster: Cluster,
  index: number,
  type: T,
): Extract<PbftReport, { type: T }>[] =>
  cluster.node(index).reports.filter((report): report is Extract<PbftReport, { type: T }> => report.type === type);

/** A cluster whose validators may vote, and have voted on nothing. */
export function started(cluster: Cluster): Cluster {
  cluster.tick(1);
  return cluster;
}

import type { PbftStatus } from '@hansa/consensus';
import type { Network } from '@hansa/network';
import type { Failure, Height, NodeId } from '@hansa/primitives';
import type { SyncProgress } from '@hansa/sync';
import type { TxPool } from '@hansa/txpool';
import { Counter, collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import type { Readiness } from './admin-server.ts';
import type { NodeCertificate } from './certificate/node-certificate.ts';
import type { DriverCounters, DriverReport, MisbehaviourCode } from './consensus/ports.ts';
import { type Diagnosis, diagnose, silenceText } from './diagnosis.ts';
import type { NodeErrorCode } from './errors.ts';
import type { HeadView } from './head-view.ts';
import type { DivergenceReport, Healing } from './healing.ts';
import type { Logger } from './logger.ts';
import type { MisbehaviourStore } from './misbehaviour-store.ts';
import type { NodeKey, SignerTrouble } from './node-key.ts';
import type { ImportDivergence } from './sync-driver.ts';

export type Divergence = {
  readonly height: Height;
  readonly field: string;
  readonly certified: string;
  readonly own: string;
  /** When the block was looked at in detail. */
  readonly report?: DivergenceReport;
};

const DIVERGENCE_REMEDY: Readonly<Record<Healing, string>> = {
  're-executed': 'wait: it executes the block again',
  rebuild: 'wait: it fetches the chain again into a fresh directory; the report is in data/divergence',
  none: 'it was rebuilt and differs again: compare program and runtime with the others (data/divergence), then `hansa start --rebuild`',
};

export type HealthDependencies = {
  readonly nodeId: NodeId;
  readonly network: Pick<Network, 'peers' | 'counters'>;
  readonly pool: Pick<TxPool, 'counts' | 'metrics' | 'longestWaitMs'>;
  readonly headView: HeadView;
  readonly misbehaviours: MisbehaviourStore;
  readonly key: Pick<NodeKey, 'trouble' | 'counters'>;
  readonly certificate: NodeCertificate | undefined;
  readonly logger: Logger;
  readonly monotonicMs: () => number;
};

export type MetricSources = {
  readonly driver: () => DriverCounters;
  readonly sync: () => SyncProgress;
  readonly rpc: () => Readonly<Record<string, number>>;
};

export type Health = {
  onReport(report: DriverReport): void;
  onStatus(status: PbftStatus): void;
  onMisbehaviour(peer: NodeId, code: MisbehaviourCode): void;
  onDiverged(divergence: ImportDivergence): void;
  onDivergenceReport(report: DivergenceReport, file: string | undefined): void;
  /** The block whose result differs here, until the ledger holds it with the certified one. */
  divergence(): Divergence | undefined;
  /** What keeps this node from voting that consensus does not know of: a divergence, or its signer. */
  impediment(): Divergence | SignerTrouble | undefined;
  /** Why nothing is read from this node's state; undefined when it may be. */
  quarantine(): Failure | undefined;
  diagnosis(pbft: PbftStatus, sync: SyncProgress): Diagnosis;
  readiness(pbft: PbftStatus, sync: SyncProgress): Readiness;
  summary(pbft: PbftStatus, sync: SyncProgress): string;
  register(registry: Registry, sources: MetricSources): void;
};

/** What the node knows of its own state of health, in words and in numbers. */
export function createHealth(dependencies: HealthDependencies): Health {
  const { nodeId, network, pool, headView, logger } = dependencies;
  const misbehaviour = new Map<string, number>();
  let found: Divergence | undefined;
  let divergenceCount = 0;
  const divergence = (): Divergence | undefined =>
    found === undefined || headView.height() >= found.height ? undefined : found;
  let last: PbftStatus | undefined;

  const organisationOf = (id: NodeId): string | undefined =>
    headView.head().term.validators.find((validator) => validator.nodeId === id)?.organisationId;

  function nameOf(id: NodeId): string {
    const organisation = organisationOf(id);
    return organisation === undefined ? id.slice(0, 8) : `${organisation} (${id.slice(0, 8)})`;
  }

  function diagnosis(pbft: PbftStatus, sync: SyncProgress): Diagnosis {
    const wrong = divergence();
    if (wrong !== undefined) {
      const { height, field, report } = wrong;
      const [text] = silenceText('diverged');
      const key = report === undefined || report.key === null ? '' : `, first differing key ${report.key}`;
      const remedy = DIVERGENCE_REMEDY[report?.healing ?? 're-executed'];
      return { whyNoBlock: `${text}: block ${height}, field ${field}${key}`, remedy, missing: [] };
    }
    const behindBy = sync.behind ? Math.max(0, sync.target - sync.height) : 0;
    const clockSkewMs = headView.parameters().clockSkewMs;
    const diagnosis = diagnose({
      pbft,
      nodeId,
      peers: network.peers(),
      pendingCount: pool.counts().pending,
      longestWaitMs: pool.longestWaitMs(),
      clockSkewMs,
      behindBy,
      nameOf,
    });
    const trouble = pbft.silence === undefined ? dependencies.key.trouble() : undefined;
    if (trouble === undefined) return diagnosis;
    const { missing } = diagnosis;
    return { whyNoBlock: `this node does not vote: ${trouble.message}`, remedy: trouble.remedy, missing };
  }

  function readiness(pbft: PbftStatus, sync: SyncProgress): Readiness {
    const { whyNoBlock } = diagnosis(pbft, sync);
    const isObserver = pbft.silence === 'not a validator';
    const isVoting = pbft.silence === undefined && dependencies.key.trouble() === undefined;
    const ready = whyNoBlock === null && (isVoting || isObserver);
    return { ready, reason: whyNoBlock ?? (isObserver ? 'observer, follows' : 'validator, votes') };
  }

  function logStatus(status: PbftStatus): void {
    if (last === undefined || last.silence !== status.silence) {
      if (status.silence === undefined)
        logger.info('this validator votes', { term: status.term, height: status.stableHeight });
      else logger.info(silenceText(status.silence)[0], { remedy: silenceText(status.silence)[1] });
    }
    if (last !== undefined && last.term === status.term && last.view !== status.view) {
      logger.warn('the view has changed', { term: status.term, view: status.view, primary: nameOf(status.primary) });
    }
    last = status;
  }

  return {
    onReport: (report) => {
      if (report.type === 'evidence') {
        const organisation = organisationOf(report.nodeId);
        const file = dependencies.misbehaviours.add({ ...report, organisation });
        logger.warn('a validator has signed two contradicting messages', {
          kind: report.kind,
          validator: nameOf(report.nodeId),
          proof: file,
        });
      } else if (report.type === 'divergence') {
        divergenceCount++;
        found = {
          height: report.height,
          field: 'block hash',
          certified: report.quorumBlockHash,
          own: report.ownBlockHash,
        };
        logger.error('this node computes another result than the quorum and has stopped voting', {
          height: report.height,
          own: report.ownBlockHash,
          quorum: report.quorumBlockHash,
        });
      } else if (report.type === 'proposalRefused') {
        logger.warn('a proposal cannot be voted on', {
          view: report.view,
          height: report.height,
          reason: report.reason,
        });
      } else {
        const { type, ...fields } = report;
        logger.warn(
          `consensus: ${type}`,
          Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, String(value)])),
        );
      }
    },
    onStatus: logStatus,
    onMisbehaviour: (_peer, code) => void misbehaviour.set(code, (misbehaviour.get(code) ?? 0) + 1),
    onDiverged: ({ height, field, certified, own, healed }) => {
      if (found?.height === height && found.field === field) return;
      divergenceCount++;
      if (healed === undefined) found = { height, field, certified, own };
      logger.error('a certified block gives another result here: this node has diverged', {
        ...{ height, field, certified, own },
      });
    },
    onDivergenceReport: (report, file) => {
      if (found?.height === report.height) found = { ...found, report };
      const { height, field, key, certifiedValue, ownValue, healing } = report;
      logger.error('the divergence in detail', {
        ...{ height, field, healing, report: file },
        key: key ?? 'none was proven',
        certifiedValue: certifiedValue ?? 'absent',
        ownValue: ownValue ?? 'absent',
      });
    },
    divergence,
    impediment: () => divergence() ?? dependencies.key.trouble(),
    quarantine: () => {
      const wrong = divergence();
      if (wrong === undefined) return undefined;
      return {
        code: 'NODE_QUARANTINED' satisfies NodeErrorCode,
        message: `this node computes another result of block ${wrong.height} than the quorum (${wrong.field}): nothing is read from its state`,
        remedy: 'ask another node; this one heals by itself, hansa_getStatus says how far it is',
      };
    },
    diagnosis,
    readiness,
    summary: (pbft, sync) => {
      const { whyNoBlock } = diagnosis(pbft, sync);
      const role =
        pbft.silence === 'not a validator'
          ? 'observer'
          : pbft.silence === undefined && dependencies.key.trouble() === undefined
            ? 'validator, votes'
            : 'validator, does not vote';
      const connected = network.peers().filter((peer) => peer.state === 'connected').length;
      return `${role} · height ${headView.height()} · ${connected} peers · ${whyNoBlock ?? 'all is well'}`;
    },
    register: (registry, sources) =>
      registerMetrics(registry, {
        ...dependencies,
        ...sources,
        misbehaviour,
        status: () => last,
        divergence,
        divergenceCount: () => divergenceCount,
      }),
  };
}

type MetricFacts = HealthDependencies &
  MetricSources & {
    readonly misbehaviour: ReadonlyMap<string, number>;
    readonly status: () => PbftStatus | undefined;
    readonly divergence: () => Divergence | undefined;
    readonly divergenceCount: () => number;
  };

function registerMetrics(registry: Registry, facts: MetricFacts): void {
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  gauge('hansa_height', 'Height of the last final block', () => facts.headView.height());
  gauge('hansa_term', 'Current term', () => facts.status()?.term ?? 0);
  gauge('hansa_view', 'Current view of the term', () => facts.status()?.view ?? 0);
  gauge('hansa_decided_height', 'Highest height whose order is decided', () => facts.status()?.decidedHeight ?? 0);
  gauge('hansa_voting', '1 when this validator votes', () =>
    facts.status()?.silence === undefined && facts.key.trouble() === undefined ? 1 : 0,
  );
  const { certificate } = facts;
  if (certificate !== undefined) {
    gauge('hansa_certificate_expiry_seconds', 'When the certificate of this node ends, seconds since 1970', () =>
      Math.floor(certificate.notAfterMs / 1_000),
    );
  }
  gauge('hansa_quarantined', '1 while a block gives another result here than the quorum has certified', () =>
    facts.divergence() === undefined ? 0 : 1,
  );
  gauge('hansa_divergences', 'Results that differed from the certified one since the start', facts.divergenceCount);
  gauge(
    'hansa_peers',
    'Connected peers',
    () => facts.network.peers().filter((peer) => peer.state === 'connected').length,
  );
  gauge('hansa_pool_pending', 'Executable transactions', () => facts.pool.counts().pending);
  gauge('hansa_pool_queued', 'Transactions that wait for something', () => facts.pool.counts().queued);
  gauge('hansa_pool_ordered', 'Transactions in proposals that are not final', () => facts.pool.counts().ordered);
  gauge('hansa_sync_target', 'Highest height that a peer announced', () => facts.sync().target);
  labelled(registry, {
    name: 'hansa_consensus',
    help: 'Counters of the consensus driver',
    label: 'kind',
    read: () => Object.entries(facts.driver()),
  });
  labelled(registry, {
    name: 'hansa_signer',
    help: 'Of a remote signer: votes signed, refused, lost; requests answered, and their microseconds',
    label: 'kind',
    read: () => Object.entries(facts.key.counters()),
  });
  labelled(registry, {
    name: 'hansa_misbehaviour',
    help: 'What peers did that an honest one does not do',
    label: 'code',
    read: () => [...facts.misbehaviour],
  });
  labelled(registry, {
    name: 'hansa_rpc',
    help: 'Counters of the RPC server',
    label: 'kind',
    read: () => Object.entries(facts.rpc()),
  });
  labelled(registry, {
    name: 'hansa_network',
    help: 'Counters of the network',
    label: 'kind',
    read: () =>
      Object.entries(facts.network.counters()).flatMap(([name, byLabel]) =>
        Object.entries(byLabel).map(([label, count]) => [`${name}_${label}`, count] as const),
      ),
  });
}

type Labelled = {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  readonly read: () => readonly (readonly [string, number])[];
};

/** Counters that another part keeps: read when they are asked for. */
function labelled(registry: Registry, { name, help, label, read }: Labelled): void {
  new Counter({
    name: `${name}_total`,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset();
      for (const [value, count] of read()) this.inc({ [label]: value }, count);
    },
  });
}

/** What a node does when a certified block gives another result here (spec PBFT-N7). */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToHex, type HashHex } from '@hansa/primitives';
import { VERSION } from './cli/version.ts';
import type { ExecutionClient } from './execution/execution-client.ts';
import type { KeyDifference } from './execution/messages.ts';
import type { Logger } from './logger.ts';
import type { ImportDivergence, SyncDriver } from './sync-driver.ts';

export const DIVERGENCE_FORMAT = 'hansa/divergence/v1';
/** Peers that are asked what the block changed: an honest one is among the first, and a liar is found out. */
const PEERS_ASKED_MAX = 5;
/** Reports kept: the first ones say how it began. */
const REPORT_COUNT_MAX = 100;

/**
 * `re-executed`: a second execution from what is on disk gave the certified result. `rebuild`: the node fetches the chain
 * again into a fresh directory. `none`: it has done so, and the same block differs again.
 */
export type Healing = 're-executed' | 'rebuild' | 'none';

/** A report file: everything that the operator, and those who look for the cause, need. Hex with 0x, null for absent. */
export type DivergenceReport = {
  readonly format: string;
  readonly height: number;
  readonly blockHash: string;
  readonly ownBlockHash: string;
  /** First header field that differs. */
  readonly field: string;
  readonly certified: string;
  readonly own: string;
  /** First state key whose value after the block differs. Null: no peer could prove one, or the state is the same. */
  readonly key: string | null;
  readonly certifiedValue: string | null;
  readonly ownValue: string | null;
  readonly healing: Healing;
  readonly program: string;
  readonly runtime: string;
  readonly seenAt: number;
};

export type HealingDependencies = {
  readonly directory: string;
  readonly execution: Pick<ExecutionClient, 'compare'>;
  readonly sync: Pick<SyncDriver, 'fetchChanges'>;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
  readonly now: () => number;
  readonly onReport: (report: DivergenceReport, file: string | undefined) => void;
  /** The node MUST stop and start again on a fresh ledger. */
  readonly onRebuild: () => void;
};

export type HealingDriver = { onDiverged(divergence: ImportDivergence): void };

export function createHealing(dependencies: HealingDependencies): HealingDriver {
  const { directory, execution, sync, logger, onReport, onRebuild } = dependencies;
  /** Sync tries the same block again and again: one look at it is enough. */
  let isLooking = false;
  let lastHash: HashHex | undefined;

  /** Undefined as well when nobody could prove what the block changed. */
  async function differenceAt({ height }: ImportDivergence): Promise<KeyDifference | undefined> {
    for (let i = 0; i < PEERS_ASKED_MAX; i++) {
      const changes = await sync.fetchChanges(height);
      if (changes === undefined) return undefined;
      const compared = await execution.compare(changes);
      if (compared.type === 'proven') return compared.difference;
      logger.warn('what a peer says of the block does not lead to its certified state', { height });
    }
    return undefined;
  }

  async function heal(divergence: ImportDivergence): Promise<void> {
    const { blockHash } = divergence.certificate;
    const difference = await differenceAt(divergence);
    const healing = wasRebuiltFor(directory, blockHash) ? 'none' : 'rebuild';
    const report = reportOf(divergence, { difference, healing, seenAt: dependencies.now() });
    onReport(report, writeReport(directory, report));
    if (healing === 'rebuild') onRebuild();
  }

  return {
    onDiverged: (divergence) => {
      const { blockHash } = divergence.certificate;
      if (divergence.healed !== undefined) {
        const { difference } = divergence.healed;
        const report = reportOf(divergence, { difference, healing: 're-executed', seenAt: dependencies.now() });
        onReport(report, writeReport(directory, report));
        return;
      }
      if (isLooking || lastHash === blockHash) return;
      isLooking = true;
      lastHash = blockHash;
      heal(divergence).then(
        () => {
          isLooking = false;
        },
        // The execution client has reported its own end; a report that cannot be written must not keep it from healing.
        (error: unknown) => logger.error('healing has failed', { height: divergence.height, cause: String(error) }),
      );
    },
  };
}

function reportOf(
  divergence: ImportDivergence,
  found: { readonly difference: KeyDifference | undefined; readonly healing: Healing; readonly seenAt: number },
): DivergenceReport {
  const { height, certificate, ownBlockHash, field, certified, own } = divergence;
  const { difference, healing, seenAt } = found;
  return {
    format: DIVERGENCE_FORMAT,
    height,
    blockHash: `0x${certificate.blockHash}`,
    ownBlockHash: `0x${ownBlockHash}`,
    field,
    certified,
    own,
    key: difference === undefined ? null : `0x${difference.key}`,
    certifiedValue: hexOrNull(difference?.certified),
    ownValue: hexOrNull(difference?.own),
    healing,
    program: `hansa ${VERSION}`,
    runtime: `node ${process.version} ${process.platform}-${process.arch}, V8 ${process.versions.v8}`,
    seenAt,
  };
}

const hexOrNull = (bytes: Uint8Array | undefined): string | null =>
  bytes === undefined ? null : `0x${bytesToHex(bytes)}`;

/** Whether a report says that the node was rebuilt because of this very block. */
function wasRebuiltFor(directory: string, blockHash: HashHex): boolean {
  return readReports(directory).some((report) => report.healing === 'rebuild' && report.blockHash === `0x${blockHash}`);
}

/** What was written, oldest first; files of another form are left out. */
export function readReports(directory: string): readonly Partial<DivergenceReport>[] {
  if (!existsSync(directory)) return [];
  const reports: Partial<DivergenceReport>[] = [];
  for (const name of readdirSync(directory).slice(0, 2 * REPORT_COUNT_MAX)) {
    try {
      const value = JSON.parse(readFileSync(join(directory, name), 'utf8')) as Partial<DivergenceReport> | null;
      if (value?.format === DIVERGENCE_FORMAT) reports.push(value);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return reports.sort((a, b) => (a.seenAt ?? 0) - (b.seenAt ?? 0));
}

/** Undefined when there are enough. */
function writeReport(directory: string, report: DivergenceReport): string | undefined {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (readdirSync(directory).length >= REPORT_COUNT_MAX) return undefined;
  const file = join(directory, `h${report.height}-${report.seenAt}.json`);
  writeFileSync(`${file}.new`, `${JSON.stringify(report, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
  return file;
}

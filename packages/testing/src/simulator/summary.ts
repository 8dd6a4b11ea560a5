/** Adds up runs for the report at the end. */
import { RULE_IDS, type RuleId } from '@hansa/consensus';
import type { RunReport } from './cluster.ts';
import type { NodeRunReport } from './node/node-run.ts';
import type { AnyProfile } from './options.ts';

/** What a run tells its parent process: plain values. */
export type SeedResult = Omit<RunReport, 'counts' | 'rules' | 'profile' | 'drawn'> & {
  readonly profile: AnyProfile;
  readonly counts: readonly (readonly [string, number])[];
  readonly rules: readonly (readonly [RuleId, number])[];
};

export function toSeedResult(report: RunReport | NodeRunReport): SeedResult {
  return { ...report, counts: [...report.counts], rules: [...report.rules] };
}

export class Summary {
  readonly failures: SeedResult[] = [];
  readonly #counts: Map<string, number> = new Map();
  readonly #rules: Map<RuleId, number> = new Map();
  readonly #ruleSeeds: Map<RuleId, number> = new Map();
  readonly #profiles: Map<AnyProfile, number> = new Map();
  readonly #recoveries: number[] = [];
  seedCount = 0;
  virtualMs = 0;
  blockCount = 0;
  termCount = 0;
  viewChangeCount = 0;

  add(result: SeedResult): void {
    this.seedCount++;
    this.virtualMs += result.virtualMs;
    this.blockCount += result.height;
    this.termCount += result.terms;
    this.viewChangeCount += result.viewChanges;
    this.#profiles.set(result.profile, (this.#profiles.get(result.profile) ?? 0) + 1);
    for (const [what, count] of result.counts) this.#counts.set(what, (this.#counts.get(what) ?? 0) + count);
    for (const [rule, count] of result.rules) {
      this.#rules.set(rule, (this.#rules.get(rule) ?? 0) + count);
      this.#ruleSeeds.set(rule, (this.#ruleSeeds.get(rule) ?? 0) + 1);
    }
    if (result.recoveryMs !== undefined) this.#recoveries.push(result.recoveryMs);
    if (result.violation !== undefined) this.failures.push(result);
  }

  /** Rules that no seed exercised. */
  get uncovered(): readonly RuleId[] {
    return RULE_IDS.filter((rule) => (this.#rules.get(rule) ?? 0) === 0);
  }

  lines(): string[] {
    const hours = (this.virtualMs / 3_600_000).toFixed(2);
    const profiles = [...this.#profiles].sort(byName).map(([profile, count]) => `${profile} ${count}`);
    const recoveries = [...this.#recoveries].sort((a, b) => a - b);
    const at = (share: number): string => {
      const value = recoveries[Math.min(recoveries.length - 1, Math.floor(share * recoveries.length))];
      return value === undefined ? '-' : `${(value / 1000).toFixed(1)} s`;
    };
    const sorted = [...this.#counts].sort(byName);
    const table = sorted.map(([what, count]) => `  ${what.padEnd(36)} ${count}`);
    return [
      `seeds          ${this.seedCount} (${profiles.join(', ')})`,
      `virtual time   ${hours} h`,
      `final blocks   ${this.blockCount} in ${this.termCount} terms`,
      `view changes   ${this.viewChangeCount}`,
      `recovery       median ${at(0.5)}, 99 % ${at(0.99)}, worst ${at(1)}`,
      'faults, lies and losses',
      ...table,
      'rules of docs/spec/pbft.md: how often, and in how many seeds',
      ...this.#ruleLines(),
    ];
  }

  #ruleLines(): string[] {
    const cells = RULE_IDS.map((rule) => {
      const times = String(this.#rules.get(rule) ?? 0).padStart(10);
      return `  ${rule.padEnd(4)}${times} in ${String(this.#ruleSeeds.get(rule) ?? 0).padEnd(6)}`;
    });
    const rows: string[] = [];
    for (let at = 0; at < cells.length; at += 3)
      rows.push(
        cells
          .slice(at, at + 3)
          .join('')
          .trimEnd(),
      );
    return rows;
  }
}

function byName(a: readonly [string, number], b: readonly [string, number]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

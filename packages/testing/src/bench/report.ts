import { type Measured, quantile } from './measure.ts';
import type { ReadsMeasured } from './reads.ts';

export const TABLE_HEAD: readonly string[] = [
  '| load | offered/s | final/s | of ceiling | p50 ms | p95 | p99 | max | refused | lost | node CPU µs/tx | generator, of one core | loop p99 ms | MB resident | wire B/tx | disk B/tx | blocks |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
];

/** One row of the table of a run; `ceiling` in transactions per second. */
export function tableRow(name: string, value: Measured, ceiling: number): string {
  const ms = (share: number): string => quantile(value.latenciesMs, share).toFixed(0);
  const cells = [
    name,
    value.offeredPerSecond,
    value.finalPerSecond.toFixed(0),
    (value.finalPerSecond / ceiling).toFixed(2),
    ms(0.5),
    ms(0.95),
    ms(0.99),
    ms(1),
    value.refused,
    value.lost,
    value.cpuMicros.toFixed(0),
    `${(value.generatorShare * 100).toFixed(0)} %`,
    value.loopDelayMsP99.toFixed(0),
    value.residentMbMax.toFixed(0),
    value.wireBytesPerTransaction.toFixed(0),
    value.diskBytesPerTransaction.toFixed(0),
    value.blocks.length,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** CPU by thread, and why clients were refused. */
export function details(name: string, value: Measured): string[] {
  const threads = [...value.cpuMicrosByThread]
    .sort((a, b) => b[1] - a[1])
    .map(([thread, micros]) => `${thread} ${micros.toFixed(0)}`);
  return [
    `${name}: µs of CPU per transaction and node by thread: ${threads.join(', ')}`,
    ...[...value.refusals].map(([reason, count]) => `${name}: refused ${count}: ${reason}`),
  ];
}

/** What was read beside the writes. */
export function readsLine({ perSecond, failed, latenciesMs }: ReadsMeasured): string {
  const methods = [...latenciesMs].map(
    ([method, list]) => `${method} p50 ${quantile(list, 0.5).toFixed(1)} ms, p99 ${quantile(list, 0.99).toFixed(1)} ms`,
  );
  return `reads beside half load: ${perSecond.toFixed(0)}/s, ${failed} failed; ${methods.join('; ')}`;
}

export function readsAsJson({ perSecond, failed, latenciesMs }: ReadsMeasured): unknown {
  const methods = [...latenciesMs].map(([method, list]) => [
    method,
    { count: list.length, p50: quantile(list, 0.5), p99: quantile(list, 0.99) },
  ]);
  return { perSecond, failed, methods: Object.fromEntries(methods) };
}

/** A line per second of the run. */
export function timelineTable(name: string, value: Measured): string[] {
  return [
    `| ${name}: second | due | refused | final | blocks | worst latency ms |`,
    '| --- | --- | --- | --- | --- | --- |',
    ...value.timeline.map(
      (second, i) =>
        `| ${i} | ${second.due} | ${second.refused} | ${second.final} | ${second.blocks} | ${second.latencyMsMax.toFixed(0)} |`,
    ),
  ];
}

/** For machines: everything but the single latencies. */
export function asJson(value: Measured): unknown {
  const { latenciesMs, refusals, cpuMicrosByThread, blocks, ...rest } = value;
  const share = (of: number): number => quantile(latenciesMs, of);
  return {
    ...rest,
    p50: share(0.5),
    p95: share(0.95),
    p99: share(0.99),
    max: share(1),
    refusals: Object.fromEntries(refusals),
    cpuMicrosByThread: Object.fromEntries(cpuMicrosByThread),
    blockCount: blocks.length,
  };
}

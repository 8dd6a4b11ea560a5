/** `first-fault.ts TARGET SECONDS`: the first fault of a target, without its corpus; the last line says it, as JSON. */
import { initCrypto } from '@hansa/crypto';
import { TargetRun } from './run-target.ts';
import { createTargets } from './targets/index.ts';

const [name, seconds] = process.argv.slice(2);
const target = createTargets().find((each) => each.name === name);
if (target === undefined) throw new Error(`there is no target ${name}`);
await initCrypto();
const startedMs = performance.now();
const run = new TargetRun(target, 1, undefined);
await run.replay([]);
while (run.faultCount === 0 && performance.now() - startedMs < 1_000 * Number(seconds)) await run.step();
const { faults, executionCount } = run.report();
const message = faults[0]?.message;
process.stdout.write(
  `${JSON.stringify({ message, executionCount, seconds: (performance.now() - startedMs) / 1_000 })}\n`,
);
process.exit(0);

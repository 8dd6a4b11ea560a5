/** `npm run mutants -- --help`. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { MUTANTS } from './list.ts';
import { type MutantResult, ORIGINAL, ORIGINAL_NODES, runMutantInChild } from './run-mutant.ts';

const HELP = `Deliberate faults in consensus, ledger, pool, sync, execution and their rules, one at a time: which test sees them, and how soon.

  npm run mutants -- [--seeds N] [--first S] [--name TEXT]

  --seeds N      seeds of the simulator for each that no test sees (100; 40 of whole nodes at the most), some for
                 the others; 0 runs the tests only
  --first S      the first seed (1)
  --name TEXT    only those whose name or rule contains the text
  --alive        seeds only for those that no scenario file and no other test kills
  --markdown     the table of docs/testing.md
  --processes N  how many at a time (one for each core)

Exit code 1 when one lives that the list does not name as a hole, 2 for a wrong option.
`;
/** For one scenario, one seed, or all other tests. */
const TIMEOUT_MS = 150_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      seeds: { type: 'string', default: '100' },
      first: { type: 'string', default: '1' },
      name: { type: 'string', default: '' },
      alive: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      processes: { type: 'string', default: String(availableParallelism()) },
    },
  });
  if (values.help) process.stdout.write(HELP);
  else process.exitCode = await runAll(values);
} catch (error) {
  if ((error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') !== true) throw error;
  process.stderr.write(`${(error as Error).message}\nnpm run mutants -- --help lists the options.\n`);
  process.exitCode = 2;
}

type Values = {
  readonly seeds: string;
  readonly first: string;
  readonly name: string;
  readonly alive: boolean;
  readonly markdown: boolean;
  readonly processes: string;
};

async function runAll({ seeds, first, name, alive, markdown, processes }: Values): Promise<number> {
  const startedMs = performance.now();
  const chosen = MUTANTS.flatMap((mutant, index) => (`${mutant.name} ${mutant.rule}`.includes(name) ? [index] : []));
  const originals = [ORIGINAL, ORIGINAL_NODES].map((index) =>
    runMutantInChild({ index, first: Number(first), seeds: 3, alive: false }, TIMEOUT_MS),
  );
  for (const original of await Promise.all(originals)) {
    if (!isKilled(original)) continue;
    say(`the original is not clean: ${testsOf(original)}; ${seedsOf(original)}`);
    return 1;
  }
  const results: MutantResult[] = [];
  const waiting = [...chosen];
  const work = async (): Promise<void> => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      const result = await runMutantInChild({ index, first: Number(first), seeds: Number(seeds), alive }, TIMEOUT_MS);
      results.push(result);
      if (!markdown) say(lineOf(result));
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Number(processes)) }, work));
  results.sort((a, b) => a.index - b.index);
  if (markdown) for (const line of tableOf(results)) say(line);
  const living = results.filter((result) => !isKilled(result));
  const unknown = living.filter(({ index }) => MUTANTS[index]?.hole === undefined);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0);
  say(
    `${results.length - living.length} killed, ${living.length} alive (${living.length - unknown.length} known holes), ${seconds} s`,
  );
  return unknown.length === 0 ? 0 : 1;
}

function isKilled({ scenarios, test, kill, hung }: MutantResult): boolean {
  return scenarios.length > 0 || test !== undefined || kill !== undefined || hung !== undefined;
}

function testsOf({ scenarios, test, hung }: MutantResult): string {
  if (test !== undefined) return `test “${test}”`;
  if (hung?.startsWith('scenario') === true) return `${hung.slice('scenario '.length)} (never ends)`;
  if (scenarios.length === 0) return 'none';
  return scenarios.length > 2
    ? `${scenarios.slice(0, 2).join(', ')} and ${scenarios.length - 2} more`
    : scenarios.join(', ');
}

function seedsOf({ kill, seedCount, hung }: MutantResult): string {
  if (kill !== undefined) return `${seedCount}: ${kill.checker}`;
  if (hung?.startsWith('seed') === true) return `${hung} never ends`;
  return seedCount === 0 ? 'not run' : `not in ${seedCount}`;
}

function lineOf(result: MutantResult): string {
  const { name, rule } = MUTANTS[result.index] as { name: string; rule: string };
  const detail = result.kill === undefined ? '' : ` (${result.kill.detail.slice(0, 90)})`;
  const verdict = isKilled(result) ? 'killed' : 'ALIVE ';
  return `${verdict} ${name.padEnd(52)} ${rule.padEnd(8)} ${testsOf(result)}; seeds: ${seedsOf(result)}${detail}`;
}

function tableOf(results: readonly MutantResult[]): string[] {
  const rows = results.map((result, row) => {
    const { name, rule } = MUTANTS[result.index] as { name: string; rule: string };
    return `| ${row + 1} | ${name} | ${rule} | ${testsOf(result)} | ${seedsOf(result)} |`;
  });
  return [
    '| | fault | rule | scenario files, or another test | seeds: checker |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ];
}

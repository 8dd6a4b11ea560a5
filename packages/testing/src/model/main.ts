/** `npm run model -- --help`. */
import { parseArgs } from 'node:util';
import { exploreModel, type ModelResult, type ModelSize } from './explore.ts';
import { MODEL_MUTANTS, type Rules, SPEC_RULES } from './rules.ts';

const HELP = `Every run of an abstract PBFT: 4 validators, 1 of them Byzantine, chained heights, views, crashes and restarts; agreement
is looked at in each state. Then the same with one rule broken at a time: each must lead to a fork.

  npm run model -- [--views N] [--heights N] [--variants A,B,…] [--trace]

  --views N         views of the term (3)
  --heights N       chained heights (2)
  --variants A,B,…  proposals of the Byzantine primary on one parent in view 0, 1, …; the last counts for the rest (2,1)
  --trace           how each broken rule leads to its fork

Exit code 1 when the rules of the spec lead to a fork, or a broken one does not; 2 for a wrong option.
`;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      views: { type: 'string', default: '3' },
      heights: { type: 'string', default: '2' },
      variants: { type: 'string', default: '2,1' },
      trace: { type: 'boolean', default: false },
    },
  });
  if (values.help) process.stdout.write(HELP);
  else {
    const size = {
      views: Number(values.views),
      heights: Number(values.heights),
      variants: values.variants.split(',').map(Number),
    };
    process.exitCode = exploreAll(size, values.trace);
  }
} catch (error) {
  if ((error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') !== true) throw error;
  process.stderr.write(`${(error as Error).message}\nnpm run model -- --help lists the options.\n`);
  process.exitCode = 2;
}

function exploreAll(size: ModelSize, isTraced: boolean): number {
  const { views, heights, variants } = size;
  say(`4 validators, 1 Byzantine, ${views} views, ${heights} heights, ${variants.join(',')} proposals on one parent`);
  let faults = 0;
  const spec = explore('the rules of the spec', SPEC_RULES, size);
  if (spec.fork !== undefined) {
    faults++;
    for (const line of spec.fork) say(`  ${line}`);
  }
  for (const { name, rule, rules } of MODEL_MUTANTS) {
    const { fork } = explore(`${name} (${rule})`, rules, size);
    if (fork === undefined) faults++;
    else if (isTraced) for (const line of fork) say(`  ${line}`);
  }
  say(
    faults === 0 ? 'agreement holds, and each broken rule breaks it' : `${faults} of these are not as they should be`,
  );
  return faults === 0 ? 0 : 1;
}

function explore(name: string, rules: Rules, size: ModelSize): ModelResult {
  const startedMs = performance.now();
  const result = exploreModel(rules, size);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  const verdict = result.fork === undefined ? 'no fork' : `fork after ${result.fork.length - 1} steps`;
  const { states, transitions, situations } = result;
  say(
    `${name.padEnd(66)} ${verdict.padEnd(20)} ${states} states, ${transitions} steps, ${situations} situations, ${seconds} s`,
  );
  return result;
}

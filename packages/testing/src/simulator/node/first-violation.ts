/** `first-violation.ts FIRST COUNT`: seeds of whole nodes until a checker objects; the last line is what it says, as JSON. */
import { runNodeSeed } from './node-run.ts';

const [first = 1, count = 1] = process.argv.slice(2).map(Number);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

say(JSON.stringify(await firstViolation()));

async function firstViolation(): Promise<object> {
  for (let seed = first; seed < first + count; seed++) {
    say(`seed ${seed}`);
    const { violation } = await runNodeSeed({ seed });
    if (violation === undefined) continue;
    return { seed, checker: violation.checker, detail: violation.detail.split('\n')[0] };
  }
  return {};
}

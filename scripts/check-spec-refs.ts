/**
 * Checks that each rule of docs/spec is defined once, and cited where it is enforced (packages/<name>/src) and by the name
 * of a test, or by the first lines of a scenario file. Exit code 1 names the rules that are not, and citations of rules
 * that do not exist, in the documents too.
 *
 *   npx tsx scripts/check-spec-refs.ts
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname ?? '.', '..');
/** `**PBFT-N1 Propose.**`, `**VS-2 Head**`: a rule is defined in bold, at its number. */
const DEFINITION = /\*\*([A-Z]+-[A-Z]?\d+)\b/g;
/** `PBFT-N1`, and the ones behind it that leave the prefix out: `PBFT-V6, V7`, `VS-2 and VS-3`. */
const CITATION = /\b([A-Z]{2,})-([A-Z]?\d+)\b((?:(?:, | and |–| to )(?:\1-)?[A-Z]?\d+\b)*)/g;

type Place = { readonly src: boolean; readonly test: boolean };

const faults: string[] = [];
const specs = new Map<string, string>();
for (const name of filesOf('docs/spec', '.md')) {
  for (const [, rule = ''] of readFileSync(name, 'utf8').matchAll(DEFINITION)) {
    if (specs.has(rule)) faults.push(`${relative(root, name)}: ${rule} is defined twice`);
    specs.set(rule, relative(root, name));
  }
}
const prefixes = new Set([...specs.keys()].map(prefixOf));
const cited = new Map<string, Place>();

for (const { name } of readdirSync(join(root, 'packages'), { withFileTypes: true }).filter((entry) =>
  entry.isDirectory(),
)) {
  for (const file of filesOf(`packages/${name}/src`, '.ts')) note(file, readFileSync(file, 'utf8'), 'src');
  for (const file of filesOf(`packages/${name}/test`, '.ts')) note(file, testNames(file), 'test');
  for (const file of filesOf(`packages/${name}/test`, '.txt')) note(file, readFileSync(file, 'utf8'), 'test');
}
for (const file of filesOf('test', '.ts')) note(file, testNames(file), 'test');
for (const file of filesOf('docs', '.md')) note(file, readFileSync(file, 'utf8'), undefined);

for (const prefix of [...prefixes].sort((a, b) => (a < b ? -1 : 1))) {
  const rules = [...specs.keys()].filter((rule) => prefixOf(rule) === prefix);
  const lacking = rules.flatMap((rule) => {
    const place = cited.get(rule);
    const missing = [...(place?.src === true ? [] : ['code']), ...(place?.test === true ? [] : ['test'])];
    return missing.length === 0 ? [] : [`${rule} (no ${missing.join(', no ')})`];
  });
  process.stdout.write(
    `${prefix.padEnd(6)} ${rules.length - lacking.length} of ${rules.length} rules cited in code and in a test\n`,
  );
  if (lacking.length === 0) continue;
  faults.push(`${specs.get(rules[0] as string)}: not cited: ${lacking.join(', ')}`);
}
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;

function prefixOf(rule: string): string {
  return rule.slice(0, rule.indexOf('-'));
}

function filesOf(folder: string, ending: string): string[] {
  try {
    return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !path.includes('/node_modules/') && !path.includes('/gen/'))
      .sort();
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return [];
    throw error;
  }
}

/** `kind` undefined: the rules are mentioned there, and must exist. */
function note(file: string, text: string, kind: keyof Place | undefined): void {
  for (const match of text.matchAll(CITATION)) {
    const prefix = match[1] as string;
    if (!prefixes.has(prefix)) continue;
    const numbers = numbersOf(prefix, match[2] as string, match[3] as string);
    for (const number of numbers) {
      const rule = `${prefix}-${number}`;
      if (!specs.has(rule)) {
        faults.push(`${relative(root, file)}: ${rule} is not in docs/spec`);
        continue;
      }
      if (kind === undefined) continue;
      const place = cited.get(rule) ?? { src: false, test: false };
      cited.set(rule, { ...place, [kind]: true });
    }
  }
}

/** `N1` and what follows it: `, N2`, ` and PBFT-N2`, and ` to N6` or `–N6` for all of its letter between. */
function numbersOf(prefix: string, first: string, rest: string): string[] {
  const numbers = [first];
  for (const [, separator, number = ''] of rest
    .replaceAll(`${prefix}-`, '')
    .matchAll(/(, | and |–| to )([A-Z]?\d+)/g)) {
    const last = numbers.at(-1) as string;
    const letter = number.replace(/\d+/, '');
    const isRange = separator === '–' || separator === ' to ';
    const from =
      isRange && last.startsWith(letter) ? Number(last.slice(letter.length)) + 1 : Number(number.slice(letter.length));
    for (let value = from; value <= Number(number.slice(letter.length)); value++) numbers.push(`${letter}${value}`);
  }
  return numbers;
}

/** Names of tests and of their groups: the first argument of `test`, `it`, `describe` and of their tables. */
function testNames(file: string): string {
  const text = readFileSync(file, 'utf8');
  const names = [
    ...text.matchAll(/\b(?:test|it|describe)(?:\.\w+)?(?:\([^\n]*?\))?\(\s*(['"`])((?:\\.|(?!\1)[\s\S])*)\1/g),
  ];
  // The name behind a table of several lines.
  const tabled = [...text.matchAll(/\]\s*(?:as const|satisfies [^\n]*)?\)\(\s*(['"`])((?:\\.|(?!\1)[\s\S])*)\1/g)];
  const tables = [...text.matchAll(/\bname:\s*(['"`])((?:\\.|(?!\1)[^\n])*)\1/g)];
  return [...names, ...tabled, ...tables].map((match) => match[2]).join('\n');
}

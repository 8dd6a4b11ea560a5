/** Habits that the linter cannot say: banned patterns with their replacement, sizes of files, documents that must exist. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

type Ban = { readonly pattern: RegExp; readonly instead: string; readonly where: RegExp };

const ANY_SOURCE = /^(packages\/[^/]+\/(src|test)|scripts|test)\/.*\.ts$/;
const DETERMINISTIC = /^packages\/(primitives|protocol|membership|consensus|evm|executor)\/src\/.*\.ts$/;
const BANS: readonly Ban[] = [
  {
    pattern: /\bfor \((const|let|var) \w+ in /,
    instead: 'for…of over a sorted list: the order of for…in is not ours',
    where: ANY_SOURCE,
  },
  { pattern: /\.sort\(\)/, instead: '.sort(compare…): the default compares strings', where: /^packages\/[^/]+\/src\// },
  { pattern: /localeCompare|toLocale/, instead: 'compareText: the same on every machine', where: ANY_SOURCE },
  {
    pattern: /catch\s*(\([^)]*\))?\s*\{\s*\}/,
    instead: 'handle or name the failure: an empty catch hides it',
    where: ANY_SOURCE,
  },
  { pattern: /\bFIXME\b|\bTODO\b/, instead: 'finish it or say plainly what is missing in docs', where: ANY_SOURCE },
  { pattern: /\b(it|describe|test)\.(only|skip)\b/, instead: 'a test that runs', where: ANY_SOURCE },
  { pattern: /@ts-ignore|@ts-expect-error/, instead: 'a type that fits', where: /^packages\/[^/]+\/src\// },
  {
    pattern: /JSON\.stringify/,
    instead: 'the canonical codec',
    where: /^packages\/(primitives|membership|consensus|executor)\/src\//,
  },
  { pattern: /\bMath\.random\b/, instead: 'a seed or the caller’s source of chance', where: DETERMINISTIC },
  { pattern: /\b(Date\.now|new Date)\b/, instead: 'time as an input', where: DETERMINISTIC },
  { pattern: /\bexport default\b/, instead: 'a named export', where: /^packages\/[^/]+\/src\// },
];
const LINES_MAX = 500;
/** Files that may be longer, with the reason. This list may only shrink. */
const LONGER: Readonly<Record<string, string>> = {};
const REQUIRED_DOCS = [
  'architecture.md',
  'glossary.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'dependencies.md',
  'testing.md',
];

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((name) => name !== '' && existsSync(name));
const faults: string[] = [];

for (const name of files.filter(
  (file) =>
    ANY_SOURCE.test(file) && !file.includes('/gen/') && !file.endsWith('wasm-bytes.ts') && file !== 'scripts/tidy.ts',
)) {
  const text = readFileSync(name, 'utf8');
  const lines = text.split('\n');
  for (const ban of BANS) {
    if (!ban.where.test(name)) continue;
    lines.forEach((line, index) => {
      if (ban.pattern.test(line) && !/^\s*(\*|\/\/|\/\*)/.test(line))
        faults.push(`${name}:${index + 1}: ${ban.instead}`);
    });
    if (ban.pattern.source.includes('catch') && ban.pattern.test(text)) faults.push(`${name}: ${ban.instead}`);
  }
  if (lines.length > LINES_MAX && LONGER[name] === undefined)
    faults.push(`${name}: ${lines.length} lines, at most ${LINES_MAX}: is it still one purpose?`);
}
for (const name of files) {
  if (!/[/.](ts|md|json|txt|proto)$/.test(name) && !/\.(ts|md|json|proto)$/.test(name)) continue;
  if (!/^[a-zA-Z0-9@._/-]+$/.test(name)) faults.push(`${name}: plain ASCII file names only`);
}
checkTopLevel();
checkDependencies();
for (const doc of REQUIRED_DOCS) if (!existsSync(`docs/${doc}`)) faults.push(`docs/${doc} is missing`);
for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0) process.exit(1);
process.stdout.write(`tidy: ${files.length} files\n`);

/** The top level is fixed: docs/architecture.md, section on layout. */
function checkTopLevel(): void {
  const allowed = new Set([
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'biome.json',
    'packages',
    'scripts',
    'test',
    'docs',
    'README.md',
    'LICENSE',
  ]);
  for (const top of new Set(files.map((name) => name.split('/')[0] as string))) {
    if (!allowed.has(top) && !top.startsWith('.')) faults.push(`${top}: not part of the fixed top level`);
  }
}

/** Each runtime dependency has its line of reason. */
function checkDependencies(): void {
  const page = existsSync('docs/dependencies.md') ? readFileSync('docs/dependencies.md', 'utf8') : '';
  for (const name of files.filter((file) => /^packages\/[^/]+\/package\.json$/.test(file))) {
    if (name.startsWith('packages/testing/')) continue;
    const { dependencies = {} } = JSON.parse(readFileSync(name, 'utf8')) as { dependencies?: Record<string, string> };
    for (const [dependency, version] of Object.entries(dependencies)) {
      if (dependency.startsWith('@hansa/')) continue;
      if (!/^\d/.test(version)) faults.push(`${name}: ${dependency} must be pinned exactly, is ${version}`);
      if (!page.includes(`\`${dependency}\``))
        faults.push(`${name}: ${dependency} has no line in docs/dependencies.md`);
    }
  }
}

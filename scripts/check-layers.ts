/**
 * Checks that imports go downward only, that siblings stay apart, and that the pure packages are pure.
 * The table below is the law; docs/architecture.md explains it. Exit code 1 names each offending line.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

type Rule = { readonly internal: readonly string[]; readonly external: readonly string[]; readonly node: boolean };

const LOWER = ['primitives', 'crypto', 'protocol'];
const SERVICES = ['ledger', 'executor', 'txpool', 'sync', 'network'];
const ALL = [...LOWER, 'consensus', 'membership', 'rpc-schema', 'evm', ...SERVICES, 'rpc', 'node'];

/** What each package may import. `node`: may it use node:* modules. */
const RULES: Readonly<Record<string, Rule>> = {
  primitives: { internal: [], external: [], node: false },
  crypto: {
    internal: ['primitives'],
    external: ['@noble/', 'hash-wasm', 'secp256k1', '@chainsafe/hashtree'],
    node: true,
  },
  protocol: {
    internal: ['primitives', 'crypto'],
    external: ['@noble/hashes/', 'protobufjs', 'long', '#gen/'],
    node: false,
  },
  consensus: { internal: ['primitives', 'protocol'], external: [], node: false },
  membership: { internal: ['primitives', 'protocol'], external: [], node: false },
  'rpc-schema': { internal: ['primitives'], external: ['zod'], node: false },
  evm: { internal: ['primitives', 'crypto'], external: ['@noble/curves/', '@noble/hashes/'], node: false },
  ledger: { internal: LOWER, external: ['level', 'classic-level', 'abstract-level'], node: true },
  executor: { internal: [...LOWER, 'membership', 'evm'], external: ['@noble/curves/', '@ethereumjs/'], node: true },
  txpool: { internal: LOWER, external: [], node: true },
  sync: { internal: LOWER, external: [], node: false },
  network: {
    internal: LOWER,
    external: ['libp2p', '@libp2p/', '@chainsafe/', '@multiformats/', '@noble/'],
    node: true,
  },
  rpc: { internal: [...LOWER, 'rpc-schema'], external: ['fastify', '@fastify/', 'ws'], node: true },
  node: {
    internal: ALL.filter((name) => name !== 'node'),
    external: ['commander', 'pino', 'prom-client', 'smol-toml', 'zod', 'level', 'abstract-level', '@noble/'],
    node: true,
  },
  testing: {
    internal: ALL,
    external: ['memory-level', 'abstract-level', 'fast-check', 'viem', 'ethers', 'ws', '@openzeppelin/contracts'],
    node: true,
  },
};
/** Packages of which only types may be imported here. */
const TYPES_ONLY: Readonly<Record<string, readonly string[]>> = { consensus: ['protocol'] };
/** Second entrances of packages, apart from the first because of what they load. */
const ENTRANCES: readonly string[] = ['node/program', 'network/host-rules'];
const PURE = ['primitives', 'protocol', 'membership', 'consensus', 'evm'];
const PURE_FILES = ['packages/sync/src/machine.ts'];
const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\basync\b(?!\s*:)/, 'async in a pure package: return an effect instead'],
  [/\bawait\b/, 'await in a pure package: return an effect instead'],
  [/\bMath\.random\b/, 'chance is a seed given by the caller'],
  [/\bnew Date\b|\bDate\.now\b/, 'time is an input'],
];
const IMPORT = /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/g;

const root = resolve(import.meta.dirname ?? dirname(process.argv[1] as string), '..');
const faults: string[] = [];
const edges = new Map<string, string[]>();

for (const name of readdirSync(join(root, 'packages'), { withFileTypes: true })) {
  if (!name.isDirectory()) continue;
  const rule = RULES[name.name];
  if (rule === undefined) {
    faults.push(`packages/${name.name}: no row in the table of scripts/check-layers.ts`);
    continue;
  }
  for (const file of sources(join(root, 'packages', name.name, 'src'))) checkFile(name.name, rule, file);
}
checkCycles();
for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0) process.exit(1);
process.stdout.write(`layers: ${edges.size} files, imports go downward only\n`);

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function checkFile(packageName: string, rule: Rule, file: string): void {
  const text = withoutComments(readFileSync(file, 'utf8'));
  const name = relative(root, file);
  const targets: string[] = [];
  for (const match of text.matchAll(IMPORT)) {
    const specifier = match[3] as string;
    if (specifier.startsWith('.')) {
      const target = resolve(dirname(file), specifier);
      targets.push(target);
      if (!target.startsWith(join(root, 'packages', packageName, 'src')))
        faults.push(`${name}: ${specifier} leaves src/`);
      if (!specifier.endsWith('.ts')) faults.push(`${name}: relative import ${specifier} must end in .ts`);
      continue;
    }
    const reason = importFault(packageName, rule, specifier, match[2] !== undefined);
    if (reason !== undefined) faults.push(`${name}: import of ${specifier}: ${reason}`);
  }
  edges.set(file, targets);
  if (PURE.includes(packageName) || PURE_FILES.includes(name)) {
    for (const [pattern, reason] of IMPURE) if (pattern.test(text)) faults.push(`${name}: ${reason}`);
  }
  if (/process\.(env|argv)/.test(text) && !/packages\/(node\/src\/(cli|workers)|testing\/src)\//.test(name)) {
    faults.push(`${name}: process.env and process.argv belong to node/src/cli`);
  }
}

function importFault(packageName: string, rule: Rule, specifier: string, isType: boolean): string | undefined {
  if (specifier.startsWith('@hansa/')) {
    const path = specifier.slice('@hansa/'.length);
    const target = ENTRANCES.includes(path) ? path.slice(0, path.indexOf('/')) : path;
    if (target.includes('/')) return 'no deep paths, use the package name';
    if (!rule.internal.includes(target))
      return `${packageName} may import only ${rule.internal.join(', ') || 'nothing'}`;
    if (TYPES_ONLY[packageName]?.includes(target) === true && !isType) return 'types only';
    return undefined;
  }
  if (specifier.startsWith('node:')) return rule.node ? undefined : 'no node:* in this package';
  const allowed = rule.external.some((entry) =>
    entry.endsWith('/') ? specifier.startsWith(entry) : specifier === entry || specifier.startsWith(`${entry}/`),
  );
  return allowed ? undefined : 'not in the table of external packages';
}

/** Comments are prose: what they mention is not used. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/[^\n]*/g, '$1');
}

function checkCycles(): void {
  const state = new Map<string, 'open' | 'done'>();
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      faults.push(
        `import cycle: ${[...path.slice(path.indexOf(file)), file].map((part) => relative(root, part)).join(' -> ')}`,
      );
      return;
    }
    state.set(file, 'open');
    for (const target of edges.get(file) ?? []) visit(target, [...path, file]);
    state.set(file, 'done');
  };
  for (const file of edges.keys()) visit(file, []);
}

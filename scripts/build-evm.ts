/**
 * Builds the two modules of packages/evm from their AssemblyScript and writes their bytes to src/wasm-bytes.ts (of record)
 * and src/tracing-wasm-bytes.ts (the same with hooks). With `--check` nothing is written: exit code 1 when the bytes in the
 * repository are not those of the source. `--root DIR`: of a copy of the workspace.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { main } from 'assemblyscript/asc';

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    root: { type: 'string', default: resolve(import.meta.dirname, '..') },
  },
});
const { root } = values;
/** Initial memory: the fixed regions (assembly/layout.ts). The rest grows. */
const INITIAL_PAGES = 560;
const MODULES = [
  { file: 'wasm-bytes.ts', name: 'EVM_WASM', tracing: 0 },
  { file: 'tracing-wasm-bytes.ts', name: 'TRACING_EVM_WASM', tracing: 1 },
] as const;

for (const { file, name, tracing } of MODULES) {
  const binary = await build(tracing);
  const text = fileOf(name, binary);
  const target = resolve(root, 'packages/evm/src', file);
  if (!values.check) {
    writeFileSync(target, text);
    process.stdout.write(`${file}: ${binary.length} bytes\n`);
  } else if (existsSync(target) && readFileSync(target, 'utf8') === text) {
    process.stdout.write(`${file}: ${binary.length} bytes, as built from its source\n`);
  } else {
    process.stderr.write(`packages/evm/src/${file} is not what its source builds: npm run build-evm\n`);
    process.exitCode = 1;
  }
}

async function build(tracing: 0 | 1): Promise<Uint8Array> {
  const options = [
    'packages/evm/assembly/index.ts',
    ...['--baseDir', root, '-O3', '--converge', '--noAssert', '--runtime', 'stub', '--enable', 'simd,bulk-memory'],
    ...['--use', `hansaTracing=${tracing}`, '--initialMemory', String(INITIAL_PAGES), '--maximumMemory', '65535'],
    ...['--memoryBase', '256', '--exportTable', '--outFile', 'evm.wasm'],
  ];
  let binary: Uint8Array | undefined;
  const { error, stderr } = await main(options, {
    readFile: (name, base) => {
      try {
        return readFileSync(resolve(base, name), 'utf8');
      } catch {
        // The compiler tries several places.
        return null;
      }
    },
    writeFile: (_, contents) => {
      if (typeof contents !== 'string') binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined) {
    process.stderr.write(`${stderr.toString()}\nthe module of packages/evm does not build: ${error?.message}\n`);
    process.exit(1);
  }
  return binary;
}

function fileOf(name: string, bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes).toString('base64');
  const lines = base64.match(/.{1,112}/g) ?? [];
  const body = lines.map((line) => `  '${line}'`).join(' +\n');
  return `/** Built from assembly/ by scripts/build-evm.ts: npm run build-evm. */\nexport const ${name}: string =\n${body};\n`;
}

/**
 * Builds the module of packages/evm from its AssemblyScript and writes its bytes to src/wasm-bytes.ts. With `--check` nothing
 * is written: exit code 1 when the bytes in the repository are not those of the source. `--root DIR`: of a copy of the
 * workspace.
 */
import { readFileSync, writeFileSync } from 'node:fs';
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
const target = resolve(root, 'packages/evm/src/wasm-bytes.ts');
/** Initial memory: the fixed regions (assembly/layout.ts). The rest grows. */
const INITIAL_PAGES = 560;
const OPTIONS = [
  'packages/evm/assembly/index.ts',
  ...['--baseDir', root, '-O3', '--converge', '--noAssert', '--runtime', 'stub', '--enable', 'simd,bulk-memory'],
  ...['--use', 'hansaTracing=0', '--initialMemory', String(INITIAL_PAGES), '--maximumMemory', '65535'],
  ...['--memoryBase', '256', '--outFile', 'evm.wasm'],
];

let binary: Uint8Array | undefined;
const { error, stderr } = await main(OPTIONS, {
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
const text = fileOf(binary);
if (!values.check) {
  writeFileSync(target, text);
  process.stdout.write(`evm: ${binary.length} bytes\n`);
} else if (readFileSync(target, 'utf8') === text) {
  process.stdout.write(`evm: ${binary.length} bytes, as built from its source\n`);
} else {
  process.stderr.write('packages/evm/src/wasm-bytes.ts is not what its source builds: npm run build-evm\n');
  process.exit(1);
}

function fileOf(bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes).toString('base64');
  const lines = base64.match(/.{1,112}/g) ?? [];
  const body = lines.map((line) => `  '${line}'`).join(' +\n');
  return `/** Built from assembly/ by scripts/build-evm.ts: npm run build-evm. */\nexport const EVM_WASM: string =\n${body};\n`;
}

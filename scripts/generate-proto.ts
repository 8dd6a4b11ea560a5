/**
 * Writes packages/protocol/gen/wire.js and wire.d.ts from proto/wire.proto, without a build at run time.
 * `--check` changes nothing and exits with 1 when the committed files are not what the proto file gives.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const target = join(root, 'packages', 'protocol', 'gen');
const folder = mkdtempSync(join(tmpdir(), 'hansa-proto-'));

try {
  // A root of its own: all static modules share roots["default"] otherwise, and equal names would merge.
  const options = ['-t', 'static-module', '-w', 'esm', '-r', 'hansa-wire', '--force-long', '--dts'];
  const leaner = ['--no-delimited', '--no-service', '--no-typeurl', '--no-verify', '--no-convert'];
  const pbjs = join(root, 'node_modules', 'protobufjs-cli', 'bin', 'pbjs');
  const source = join('packages', 'protocol', 'proto', 'wire.proto');
  execFileSync(process.execPath, [pbjs, ...options, ...leaner, '-o', join(folder, 'wire.js'), source], { cwd: root });
  let stale = 0;
  for (const name of ['wire.js', 'wire.d.ts']) {
    const text = readFileSync(join(folder, name), 'utf8');
    if (process.argv.includes('--check')) {
      if (readFileSync(join(target, name), 'utf8') === text) continue;
      process.stderr.write(`packages/protocol/gen/${name} is not what proto/wire.proto gives: run npm run generate\n`);
      stale++;
    } else {
      writeFileSync(join(target, name), text);
    }
  }
  process.exitCode = stale > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}

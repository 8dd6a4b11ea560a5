import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('the committed code of the wire is what proto/wire.proto gives', () => {
  const root = join(import.meta.dirname, '..', '..', '..');
  const run = () =>
    execFileSync(process.execPath, ['--import', 'tsx', 'scripts/generate-proto.ts', '--check'], {
      cwd: root,
      stdio: 'pipe',
    });
  expect(run).not.toThrow();
});

/** docs/rpc.md says what is: every method, limit and error code stands in it, and its example proves a transaction. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { METHODS } from '@hansa/rpc-schema';
import { describe, expect, it } from 'vitest';
import { RPC_CODES } from '../src/errors.ts';
import { DEFAULT_RPC_LIMITS } from '../src/limits.ts';
import { signed } from './kit/chain.ts';
import { startTestServer } from './kit/server.ts';

const text = readFileSync(new URL('../../../docs/rpc.md', import.meta.url), 'utf8');
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('docs/rpc.md', () => {
  it('has a row for each method, with its parameters by name', () => {
    const documented = rows.filter(([, name]) =>
      /^`(?:(?:web3|net|eth|txpool|debug|hansa)_\w+|rpc_modules|rpc\.discover)`$/.test(name ?? ''),
    );
    const byName = new Map(documented.map(([, name, params]) => [name?.replaceAll('`', ''), params]));
    expect([...byName.keys()].sort()).toEqual(METHODS.map(({ name }) => name).sort());
    for (const { name, params } of METHODS) {
      const written = byName.get(name)?.replace(' (tag)', '');
      expect(written, name).toBe(
        params.map((param) => (param.required ? param.name : `${param.name}?`)).join(', ') || '–',
      );
    }
  });

  it('has a row for each limit, with its default', () => {
    const documented = rows.flatMap(([, name, value]) => {
      const limit = name?.replaceAll('`', '') ?? '';
      return limit in DEFAULT_RPC_LIMITS ? [[limit, Number(value)]] : [];
    });
    expect(Object.fromEntries(documented)).toEqual(DEFAULT_RPC_LIMITS);
  });

  it('has each figure of the server', async () => {
    const { server } = await startTestServer();
    const documented = new Set(text.match(/`rpc_[a-z_]+`/g)?.map((name) => name.replaceAll('`', '')));
    documented.delete('rpc_modules');
    expect([...documented].sort()).toEqual(Object.keys(server.metrics()).sort());
  });

  it('has a row for each code of errors', () => {
    const documented = rows.flatMap(([, code]) => (/^-?\d+$/.test(code ?? '') ? [Number(code)] : []));
    expect(documented.sort()).toEqual(Object.values(RPC_CODES).sort());
  });
});

describe('its example', () => {
  const script = /```js\n(.*?)```/s.exec(text)?.[1] ?? '';

  function run(args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
    const node = spawn(
      process.execPath,
      ['--conditions=source', '--import', 'tsx', '--input-type=module', '-', ...args],
      { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: 'pipe' },
    );
    let output = '';
    for (const stream of [node.stdout, node.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    node.stdin.end(script);
    return new Promise((resolve) => node.once('close', (code) => resolve({ code, output })));
  }

  it('proves a transaction by the genesis hash alone, and nothing by another one', async () => {
    const { chain, server } = await startTestServer();
    const transaction = signed();
    chain.addBlock([{ transaction: signed({ nonce: 1n }) }, { transaction }]);
    const args = (genesisHash: string): string[] => [server.url, `0x${transaction.hash}`, `0x${genesisHash}`];
    const proven = await run(args(chain.chain.genesisHash));
    expect(proven.output).toContain('proven: a quorum has signed block 1');
    expect(proven.output.match(/proven:/g)).toHaveLength(8);
    expect(proven.code).toBe(0);
    const refused = await run(args('11'.repeat(32)));
    expect(refused.output).toContain('not proven: genesis is the one that is trusted');
    expect(refused.code).toBe(1);
  });
});

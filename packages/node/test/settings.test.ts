import { ChainError } from '@hansa/primitives';
import { describe, expect, test } from 'vitest';
import { isLoopback, parseSettings } from '../src/config/settings.ts';

const failureOf = (text: string): { code: string; message: string; remedy: string | undefined } => {
  try {
    parseSettings(text, 'hansa.toml');
  } catch (error) {
    if (error instanceof ChainError) return { code: error.code, message: error.message, remedy: error.remedy };
    throw error;
  }
  throw new Error(`nothing was wrong with ${text}`);
};

describe('hansa.toml', () => {
  test('an empty file is a node that serves this machine only', () => {
    const { rpc, p2p, admin } = parseSettings('', 'hansa.toml');
    expect([rpc.host, admin.host, ...p2p.listen]).toEqual(['127.0.0.1', '127.0.0.1', '/ip4/127.0.0.1/tcp/30300']);
    expect(rpc).toMatchObject({ allow_remote: false, cors_origins: [], token_file: '' });
  });

  test.each([
    ['no TOML', 'rpc = [', /not valid TOML/],
    ['unknown key', '[rpc]\nprot = 1', /rpc.*prot/],
    ['unknown section', '[rcp]\nport = 1', /rcp/],
    ['wrong type', '[rpc]\nport = "8545"', /rpc\.port/],
    ['a port below the range', '[rpc]\nport = -1', /rpc\.port/],
    ['a port above the range', '[rpc]\nport = 65536', /rpc\.port/],
    ['no whole number', '[pool]\ntransactions_max = 1.5', /pool\.transactions_max/],
    ['no range of addresses', '[p2p]\nallow = ["10.0.0.0/33"]', /p2p\.allow.*10\.1\.0\.0\/16/s],
    ['an unknown level', '[log]\nlevel = "loud"', /log\.level/],
    ['one half of TLS', '[rpc]\ntls_key_file = "k.pem"', /go together/],
    ['RPC open by mistake', '[rpc]\nhost = "0.0.0.0"', /allow_remote/],
    ['an admin port beyond this machine', '[admin]\nhost = "10.0.0.1"', /admin\.host/],
  ])('%s: is told by code, place and remedy', (_name, text, message) => {
    const failure = failureOf(text);
    expect(failure.code).toBe('NODE_CONFIG_INVALID');
    expect(failure.message).toMatch(message);
    expect(failure.message).toContain('hansa.toml');
    expect(failure.remedy).toMatch(/docs\/configuration\.md/);
  });

  test.each([0, 1, 65_535])('port %i is within the range', (port) => {
    expect(parseSettings(`[rpc]\nport = ${port}`, 'hansa.toml').rpc.port).toBe(port);
  });

  test('RPC beyond this machine is possible when it is meant', () => {
    expect(parseSettings('[rpc]\nhost = "0.0.0.0"\nallow_remote = true', 'hansa.toml').rpc.host).toBe('0.0.0.0');
  });
});

test.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['127.0.0.1.evil.example', false],
])('%s is loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

import * as rpc from '@hansa/rpc';
import { expect, it } from 'vitest';

it('exports what the node builds on, and nothing else', () => {
  expect(Object.keys(rpc).sort()).toEqual([
    'DEFAULT_RPC_LIMITS',
    'encodeEthereumHeader',
    'ethereumHeaderHash',
    'logsBloom',
    'startRpcServer',
    'toEthereumHeader',
  ]);
});

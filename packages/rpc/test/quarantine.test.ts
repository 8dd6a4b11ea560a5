import { expect, it } from 'vitest';
import { startTestServer } from './kit/server.ts';

const failure = { code: 'NODE_QUARANTINED', message: 'another result of block 5', remedy: 'ask another node' };

it('a node that cannot trust its state says so in place of an answer, and still who and how it is', async () => {
  let quarantine: typeof failure | undefined = failure;
  const { post } = await startTestServer({ backend: { quarantine: () => quarantine } });
  const ask = async (method: string, params: readonly unknown[] = []): Promise<Record<string, unknown>> =>
    JSON.parse((await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))).text) as Record<string, unknown>;
  const refusal = { code: -32000, message: failure.message, data: { code: failure.code, remedy: failure.remedy } };
  const address = `0x${'11'.repeat(20)}`;
  expect(await ask('eth_getBalance', [address, 'latest'])).toMatchObject({ error: refusal });
  expect(await ask('eth_blockNumber')).toMatchObject({ error: refusal });
  for (const method of ['hansa_getStatus', 'eth_chainId', 'eth_syncing', 'net_peerCount', 'web3_clientVersion'])
    expect(await ask(method), method).not.toHaveProperty('error');
  quarantine = undefined;
  expect(await ask('eth_blockNumber')).not.toHaveProperty('error');
});

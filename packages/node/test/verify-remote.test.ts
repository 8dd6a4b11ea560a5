import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { standardSuite } from '@hansa/crypto';
import { ChainError } from '@hansa/primitives';
import { expect, onTestFinished, test } from 'vitest';
import { decodeServedBlock, verifyRemote } from '../src/cli/verify-remote.ts';

/** What `hansa verify` makes of a node that answers each method by a text of its own. */
async function verify(answers: Readonly<Record<string, string>>): Promise<unknown> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method } = JSON.parse(Buffer.concat(chunks).toString()) as { method: string };
      response.end(answers[method]);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const genesis = { block: { header: {} }, hash: '', termInfo: { validators: [] }, changes: [] };
  return verifyRemote({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    suite: standardSuite,
    genesis: genesis as never,
    onProgress: () => undefined,
  }).catch((error: unknown) => error);
}

const result = (value: unknown): string => JSON.stringify({ jsonrpc: '2.0', id: 1, result: value });

test.each(['null', '1', '"x"', '{', result('x'), result(null), result('0xfffffffffffffff'), result(7), result({})])(
  'a node whose height is %s is told from one that verifies',
  async (answer) => {
    const outcome = await verify({ eth_blockNumber: answer });
    expect(outcome).toBeInstanceOf(ChainError);
    expect((outcome as ChainError).code).toBe('CLI_NODE_UNREACHABLE');
  },
);

const whole = { header: '0x', body: '0x', certificate: '0x', receipts: [], nextValidators: '0x' };
test.each([7, 'x', [], {}, { ...whole, receipts: 1 }, { ...whole, receipts: [null] }, { ...whole, header: 5 }, whole])(
  'a block of the form %j is no block, and no exception',
  async (block) => {
    expect(decodeServedBlock(block)).toBeUndefined();
    const outcome = await verify({ eth_blockNumber: result('0x1'), hansa_getCertifiedBlock: result(block) });
    expect(outcome).toMatchObject({ ok: false, fault: { height: 1, field: 'header' } });
  },
);

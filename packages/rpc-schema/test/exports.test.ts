import * as schema from '@hansa/rpc-schema';
import { expect, it } from 'vitest';

it('exports the description and nothing else', () => {
  expect(Object.keys(schema).sort()).toEqual(['COMPONENTS', 'METHODS', 'openRpcDocument']);
});

it('the document is plain JSON: what is sent is what is here', () => {
  const document = schema.openRpcDocument('Hansa/v1');
  expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  expect(document).toMatchObject({ openrpc: '1.3.2', info: { title: 'Hansa JSON-RPC', version: 'Hansa/v1' } });
  for (const name of ['eth_subscribe', 'eth_unsubscribe']) {
    const method = (document.methods as { name: string; summary: string }[]).find((each) => each.name === name);
    expect(method?.summary).toContain('(WebSocket only)');
  }
});

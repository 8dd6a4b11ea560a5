import { describe, expect, it } from 'vitest';
import { decodeReceipt, encodeReceipt, Reader } from '../src/index.ts';

describe('the reader of canonical bytes', () => {
  it('FMT-2: bytes that were announced and did not come cost no memory', () => {
    const announced = 4 * 1024 * 1024;
    const header = new Uint8Array(4);
    new DataView(header.buffer).setUint32(0, announced);
    const reader = new Reader(header, 'value');
    expect(reader.bytes(announced)).toHaveLength(0);
    expect(reader.finish(undefined)).toMatchObject({ ok: false, error: { code: 'PROTOCOL_TRUNCATED' } });
  });

  it('FMT-2: a receipt whose last log announces megabytes is refused as cut off', () => {
    const bytes = encodeReceipt({
      transactionHash: '11'.repeat(32) as never,
      index: 0,
      status: 1,
      gasUsed: 1n,
      cumulativeGasUsed: 1n,
      effectiveGasPrice: 1n,
      contractAddress: undefined,
      output: new Uint8Array(0),
      logs: [{ address: '22'.repeat(20) as never, topics: [], data: new Uint8Array(0) }],
    });
    new DataView(bytes.buffer).setUint32(bytes.length - 4, 0x3f_ffff);
    const before = process.memoryUsage().arrayBuffers;
    const results = Array.from({ length: 16 }, () => decodeReceipt(bytes).ok);
    expect(results.includes(true)).toBe(false);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
  });
});

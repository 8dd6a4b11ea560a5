import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CrcRanges } from '../../src/consensus/crc-ranges.ts';

test('the checksum of any range is that of zlib', () => {
  const bytes = Uint8Array.from({ length: 9_000 }, (_, i) => (i * i * 31 + (i >> 3)) & 0xff);
  const ranges = new CrcRanges(bytes);
  const place = fc.nat({ max: bytes.length });
  fc.assert(
    fc.property(place, place, fc.integer({ min: 0, max: 0xffff_ffff }), (a, b, initial) => {
      const [from, end] = a < b ? [a, b] : [b, a];
      return ranges.checksum(from, end, initial) === crc32(bytes.subarray(from, end), initial);
    }),
    { numRuns: 300 },
  );
  for (const at of [0, 1, 1_023, 1_024, 1_025, 9_000]) {
    expect(ranges.checksum(0, at, 0)).toBe(crc32(bytes.subarray(0, at)));
    expect(ranges.checksum(at, at, 7)).toBe(crc32(new Uint8Array(0), 7));
  }
});

test('a range as long as a file costs no more than a short one', () => {
  const bytes = new Uint8Array(8 * 1024 * 1024).fill(3);
  const ranges = new CrcRanges(bytes);
  const before = process.cpuUsage();
  // Each by itself would read 8 MiB, 16 GiB in all.
  for (let i = 0; i < 2_000; i++) ranges.checksum(i, bytes.length - i, 1);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1_000).toBeLessThan(1_000);
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MessageAssembler, SYNC_MESSAGE_SIZE_MAX, SYNC_PART_SIZE_MAX, splitMessage } from '../src/index.ts';

const message = (size: number, seed = 1): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed) & 255);

describe('SYNC-12: messages travel in parts', () => {
  test.each([1, SYNC_PART_SIZE_MAX - 5, SYNC_PART_SIZE_MAX - 4, 3 * SYNC_PART_SIZE_MAX])('%d bytes', (size) => {
    const parts = splitMessage(message(size), 0xffff_ffff);
    expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(SYNC_PART_SIZE_MAX);
    const assembler = new MessageAssembler();
    const results = parts.map((part) => assembler.push(part));
    expect(results.slice(0, -1).every((result) => result.ok && result.value === undefined)).toBe(true);
    expect(results[results.length - 1]).toEqual({ ok: true, value: message(size) });
  });

  test('a small message may come between the parts of a large one', () => {
    const assembler = new MessageAssembler();
    const [first, second] = splitMessage(message(SYNC_PART_SIZE_MAX), 1);
    expect(assembler.push(first!)).toEqual({ ok: true, value: undefined });
    expect(assembler.push(splitMessage(message(3, 7), 2)[0]!)).toEqual({ ok: true, value: message(3, 7) });
    expect(assembler.push(second!)).toEqual({ ok: true, value: message(SYNC_PART_SIZE_MAX) });
  });
});

describe('SYNC-13: what is put together is bounded', () => {
  test('in bytes', () => {
    const assembler = new MessageAssembler();
    const part = new Uint8Array(SYNC_PART_SIZE_MAX);
    let count = 0;
    while (assembler.push(part).ok) count++;
    expect(count).toBe(Math.floor(SYNC_MESSAGE_SIZE_MAX / (SYNC_PART_SIZE_MAX - 5)));
  });

  test('in messages', () => {
    const assembler = new MessageAssembler();
    const results = [1, 2, 3, 4, 5].map((n) => assembler.push(splitMessage(message(SYNC_PART_SIZE_MAX), n)[0]!).ok);
    expect(results).toEqual([true, true, true, true, false]);
  });

  test('any bytes give a value or an error, never a throw', () => {
    void fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), (parts) => {
        const assembler = new MessageAssembler();
        for (const part of parts) expect(typeof assembler.push(part).ok).toBe('boolean');
      }),
    );
  });
});

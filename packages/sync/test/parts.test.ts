import { standardSuite } from '@hansa/crypto';
import { bytesToHex, type NodeId } from '@hansa/primitives';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MessageAssembler, PartOutbox, SYNC_MESSAGE_SIZE_MAX, SYNC_PART_SIZE_MAX, splitMessage } from '../src/index.ts';
import { nodeId } from './kit.ts';

function message(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + seed) & 255;
  return bytes;
}

/** What a part gave, short enough to compare: comparing large arrays item by item takes seconds. */
function gist(result: ReturnType<MessageAssembler['push']>): string {
  if (!result.ok) return result.error.code;
  return result.value === undefined ? 'more' : digestOf(result.value);
}
const digestOf = (bytes: Uint8Array): string => bytesToHex(standardSuite.digest(bytes));

describe('SYNC-12: messages travel in parts', () => {
  test.each([1, SYNC_PART_SIZE_MAX - 5, SYNC_PART_SIZE_MAX - 4, 3 * SYNC_PART_SIZE_MAX])('%d bytes', (size) => {
    const parts = splitMessage(message(size), 0xffff_ffff);
    expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(SYNC_PART_SIZE_MAX);
    const assembler = new MessageAssembler();
    const results = parts.map((part) => assembler.push(part));
    expect(results.slice(0, -1).every((result) => result.ok && result.value === undefined)).toBe(true);
    expect(gist(results[results.length - 1]!)).toBe(digestOf(message(size)));
  });

  test('a small message may come between the parts of a large one', () => {
    const assembler = new MessageAssembler();
    const [first, second] = splitMessage(message(SYNC_PART_SIZE_MAX), 1);
    expect(gist(assembler.push(first!))).toBe('more');
    expect(gist(assembler.push(splitMessage(message(3, 7), 2)[0]!))).toBe(digestOf(message(3, 7)));
    expect(gist(assembler.push(second!))).toBe(digestOf(message(SYNC_PART_SIZE_MAX)));
  });
});

describe('SYNC-13: what is put together is bounded', () => {
  test('in bytes of one message', () => {
    const assembler = new MessageAssembler();
    const part = new Uint8Array(SYNC_PART_SIZE_MAX);
    let count = 0;
    while (assembler.push(part).ok) count++;
    expect(count).toBe(Math.floor(SYNC_MESSAGE_SIZE_MAX / (SYNC_PART_SIZE_MAX - 5)));
  });

  test('in parts of one message: each costs memory, however small it is', () => {
    const assembler = new MessageAssembler();
    const part = Uint8Array.of(0, 0, 0, 1, 0, 7);
    let count = 0;
    while (count < 10_000 && assembler.push(part).ok) count++;
    expect(count).toBe(1_024);
    expect(splitMessage(message(SYNC_MESSAGE_SIZE_MAX), 1).length).toBeLessThan(count);
  });

  test('in messages: what was begun first and not ended is given up, the newest comes through', () => {
    const assembler = new MessageAssembler();
    const begun = [1, 2, 3, 4, 5].map((n) => splitMessage(message(SYNC_PART_SIZE_MAX, n), n));
    for (const [first] of begun) expect(gist(assembler.push(first!))).toBe('more');
    expect(assembler.droppedCount).toBe(1);
    expect(gist(assembler.push(begun[4]![1]!))).toBe(digestOf(message(SYNC_PART_SIZE_MAX, 5)));
    expect(gist(assembler.push(begun[0]![1]!))).not.toBe(digestOf(message(SYNC_PART_SIZE_MAX, 1)));
  });

  test('in bytes of all messages', () => {
    const assembler = new MessageAssembler();
    const large = splitMessage(message(SYNC_MESSAGE_SIZE_MAX), 1);
    for (const part of large.slice(0, -1)) assembler.push(part);
    const [first, second] = splitMessage(message(SYNC_PART_SIZE_MAX, 2), 2);
    assembler.push(first!);
    expect(assembler.droppedCount).toBe(1);
    expect(gist(assembler.push(second!))).toBe(digestOf(message(SYNC_PART_SIZE_MAX, 2)));
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

describe('the outbox of parts', () => {
  function outboxOf(sizeMax?: number): { outbox: PartOutbox; sent: Uint8Array[]; network: { free: number } } {
    const sent: Uint8Array[] = [];
    const network = { free: 1 };
    const send = (_peer: NodeId, part: Uint8Array): boolean => {
      if (network.free === 0) return false;
      network.free--;
      sent.push(part);
      return true;
    };
    return { outbox: new PartOutbox(send, sizeMax), sent, network };
  }

  test('sends a message piece by piece as the network takes it', () => {
    const { outbox, sent, network } = outboxOf();
    expect(outbox.add(nodeId(1), message(3 * SYNC_PART_SIZE_MAX))).toBe(true);
    expect(outbox.add(nodeId(1), message(3, 7))).toBe(true);
    expect(sent.length).toBe(1);
    outbox.flush();
    network.free = 100;
    outbox.flush();
    const assembler = new MessageAssembler();
    const messages = sent
      .map((part) => assembler.push(part))
      .flatMap((each) => (each.ok && each.value ? [each.value] : []));
    expect(messages.map(digestOf)).toEqual([message(3 * SYNC_PART_SIZE_MAX), message(3, 7)].map(digestOf));
  });

  test('refuses what does not fit, and forgets a peer that has gone', () => {
    const { outbox, sent, network } = outboxOf(1_000);
    network.free = 0;
    expect(outbox.add(nodeId(1), message(900))).toBe(true);
    expect(outbox.add(nodeId(1), message(200))).toBe(false);
    expect(outbox.add(nodeId(2), message(200))).toBe(true);
    outbox.removePeer(nodeId(1));
    network.free = 10;
    outbox.flush();
    expect(sent.length).toBe(1);
  });
});

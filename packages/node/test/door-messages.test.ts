/** What is said at the door: docs/spec/joining.md, JOIN-21 and JOIN-22. */
import type { Height } from '@hansa/primitives';
import { encodeJoinRequest } from '@hansa/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DoorAnswer,
  decodeDoorAnswer,
  decodeDoorRequest,
  encodeDoorAnswer,
  encodeDoorRequest,
} from '../src/join/door-messages.ts';

const request = {
  content: Uint8Array.of(1, 2, 3),
  signatures: new Uint8Array(65),
  addresses: ['/ip4/10.0.0.1/tcp/30300'],
  ticketSignature: new Uint8Array(64),
  nodeSignature: new Uint8Array(64).fill(1),
};

describe('JOIN-21, JOIN-22: messages at the door', () => {
  it('JOIN-21: requests come back; other kinds are none', () => {
    for (const kind of ['ask', 'join'] as const)
      expect(decodeDoorRequest(encodeDoorRequest({ kind, request }))).toEqual({ kind, request });
    const body = encodeJoinRequest(request);
    for (const wrong of [[], [0, ...body], [3, ...body], [1, ...body, 0], [...body]])
      expect(decodeDoorRequest(Uint8Array.from(wrong))).toBeUndefined();
  });

  it('JOIN-22: answers come back, a long reason cut', () => {
    const answers: readonly DoorAnswer[] = [
      { type: 'genesis', file: '{"größe":1}\n' },
      { type: 'under way' },
      { type: 'joined', height: 17 as Height },
      { type: 'refused', code: -51_122, reason: 'the invite was used already' },
      { type: 'refused', code: 0, reason: '' },
    ];
    for (const answer of answers) expect(decodeDoorAnswer(encodeDoorAnswer(answer))).toEqual(answer);
    const long = decodeDoorAnswer(encodeDoorAnswer({ type: 'refused', code: -1, reason: 'a'.repeat(300) }));
    expect(long).toEqual({ type: 'refused', code: -1, reason: 'a'.repeat(256) });
  });

  it('JOIN-22: what is no answer gives nothing, and never an exception', () => {
    for (const wrong of [
      [],
      [0],
      [5],
      [2, 0],
      [3, 1],
      [3, 0, 0, 0, 0, 0, 0, 0, 1, 9],
      [4, 0, 0, 0, 1, 0, 0, 0, 1],
      [1, 0xff],
    ])
      expect(decodeDoorAnswer(Uint8Array.from(wrong))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        decodeDoorAnswer(bytes);
        decodeDoorRequest(bytes);
      }),
    );
  });
});

import type { NodeId } from '@hansa/primitives';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSyncMachine, type ReceivedBlock, type SyncEffect, type SyncInput, syncFailure } from '../src/index.ts';
import { blockAt, blocksFrom, height, nodeId } from './kit.ts';

/** How a peer answers. All but `honest` and `brief` are wrong in some way. */
const MANNERS = [
  'honest',
  'brief',
  'silent',
  'forged',
  'shifted',
  'gaps',
  'malformed',
  'busy',
  'none',
  'boaster',
] as const;
type Manner = (typeof MANNERS)[number];

const TARGET = 60;

/** What a peer of a manner says to a request. */
function answer(manner: Manner, request: Extract<SyncEffect, { type: 'request' }>): SyncInput | undefined {
  const { peer, requestId, from, to } = request;
  const honestTo = Math.min(to, TARGET);
  const blocks = (list: readonly ReceivedBlock[]): SyncInput => ({ type: 'blocks', peer, requestId, blocks: list });
  switch (manner) {
    case 'honest':
      return from > TARGET
        ? { type: 'failure', peer, requestId, reason: 'unavailable' }
        : blocks(blocksFrom(from, honestTo));
    case 'brief':
      return blocks([blockAt(from)]);
    case 'silent':
    case 'boaster':
      return undefined;
    case 'forged':
      return blocks(blocksFrom(from, to, 1));
    case 'shifted':
      return blocks(blocksFrom(from + 1, to + 1));
    case 'gaps':
      return blocks([blockAt(from), blockAt(from + 2)]);
    case 'malformed':
      return { type: 'failure', peer, requestId, reason: 'malformed' };
    case 'busy':
      return { type: 'failure', peer, requestId, reason: 'busy' };
    case 'none':
      return { type: 'failure', peer, requestId, reason: 'unavailable' };
  }
}

test('SYNC-9: with one honest peer among any others it gets there, in order, within its limits, blaming only the wrong', () => {
  const manners = fc.array(fc.constantFrom(...MANNERS), { minLength: 0, maxLength: 6 });
  const choices = fc.infiniteStream(fc.nat(1_000));
  void fc.assert(
    fc.property(manners, choices, (others, random) => {
      const mannerOf = new Map<NodeId, Manner>(
        [...others, 'honest' as const].map((manner, n) => [nodeId(n + 1), manner]),
      );
      const limits = { rangeCountMax: 7, aheadCountMax: 20, requestTimeoutTicks: 5, pauseTicks: 2, pauseTicksMax: 10 };
      const machine = createSyncMachine({ height: height(0), limits });
      const inbox: SyncInput[] = [];
      const asked = new Map<NodeId, number>();
      let head = 0;
      const perform = (effect: SyncEffect): void => {
        if (effect.type === 'request') {
          expect(asked.get(effect.peer), 'one request per peer').toBeUndefined();
          expect(effect.to - effect.from).toBeLessThan(7);
          expect(effect.to).toBeLessThanOrEqual(head + 20);
          asked.set(effect.peer, effect.requestId);
          const reply = answer(mannerOf.get(effect.peer) as Manner, effect);
          if (reply !== undefined) inbox.push(reply);
        } else if (effect.type === 'import') {
          const { header } = effect.block.block;
          expect(header.height).toBe(head + 1);
          const isForged = effect.block.certificate.blockHash !== blockAt(head + 1).certificate.blockHash;
          inbox.push(
            isForged
              ? {
                  type: 'importFailed',
                  height: header.height,
                  peer: effect.peer,
                  failure: syncFailure('SYNC_WRONG_CERTIFICATE', 'forged'),
                  fault: true,
                }
              : { type: 'imported', height: header.height },
          );
        } else if (effect.type === 'penalise') {
          if (effect.severity === 'wrong') {
            expect(['honest', 'brief', 'busy', 'none', 'silent', 'boaster']).not.toContain(mannerOf.get(effect.peer));
          }
          asked.delete(effect.peer);
        }
      };
      const step = (input: SyncInput): void => {
        if (input.type === 'imported') head = input.height;
        if (input.type === 'blocks' || input.type === 'failure') asked.delete(input.peer);
        for (const effect of machine.step(input)) perform(effect);
        const progress = machine.progress();
        expect(progress.bufferedCount).toBeLessThanOrEqual(20);
        expect(progress.requestCount).toBeLessThanOrEqual(4);
      };
      for (let round = 0; round < 1_500 && head < TARGET; round++) {
        if (round % 10 === 0) {
          for (const [peer, manner] of mannerOf) {
            step({ type: 'peerStatus', peer, height: height(manner === 'boaster' ? 1_000_000 : TARGET) });
          }
        }
        const choice = random.next().value as number;
        const position = inbox.length === 0 ? -1 : choice % inbox.length;
        const chosen = choice % 3 === 0 || position < 0 ? undefined : inbox.splice(position, 1)[0];
        step(chosen ?? { type: 'tick' });
      }
      expect(head).toBe(TARGET);
    }),
    { numRuns: 60 },
  );
});

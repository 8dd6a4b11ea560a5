import type { LedgerReader } from '@hansa/ledger';
import type { Height, NodeId } from '@hansa/primitives';
import { decodeStateChanges, encodeStateChanges, type StateChange, type SyncFrame } from '@hansa/protocol';
import { ServeBudgets } from '@hansa/sync';
import { expect, it } from 'vitest';
import { changesAnswer, createChangesFetch } from '../src/changes-fetch.ts';

const [a, b] = ['aa', 'bb'].map((byte) => byte.repeat(64)) as [NodeId, NodeId];
const changes = [{ key: '01ff', value: Uint8Array.of(1) }] as unknown as StateChange[];
const height = 7 as Height;

function setUp() {
  const sent: { to: NodeId; frame: SyncFrame }[] = [];
  const unreachable = new Set<NodeId>();
  const fetch = createChangesFetch((to, frame) => {
    sent.push({ to, frame });
    return !unreachable.has(to);
  });
  fetch.addPeer(b);
  fetch.addPeer(a);
  const idAt = (index: number): number => sent[index]?.frame.requestId as number;
  return { fetch, sent, unreachable, idAt };
}
/** Lets what waits for a settled promise run. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('SYNC-14: one peer after the other is asked until one answers with what decodes', async () => {
  const { fetch, sent, idAt } = setUp();
  const answer = fetch.fetch(height);
  expect(sent.map(({ to, frame }) => [to, frame.changesRequest])).toEqual([[a, 7]]);
  expect(fetch.isAnswer(idAt(0))).toBe(true);
  fetch.onAnswer(b, idAt(0), encodeStateChanges(changes));
  fetch.onAnswer(a, idAt(0) + 9, encodeStateChanges(changes));
  await turn();
  expect(sent).toHaveLength(1);
  fetch.onAnswer(a, idAt(0), Uint8Array.of(1, 2, 3));
  await turn();
  expect(sent[1]?.to).toBe(b);
  fetch.onAnswer(b, idAt(1), encodeStateChanges(changes));
  expect(await answer).toEqual(changes);
  // The next question begins with another peer: the first answer may have been a lie.
  void fetch.fetch(height);
  expect(sent[2]?.to).toBe(a);
});

it('SYNC-14: who is silent, gone, unreachable or has nothing is left out; nobody left is an answer too', async () => {
  const { fetch, sent, unreachable, idAt } = setUp();
  const first = fetch.fetch(height);
  for (let tick = 0; tick <= 50; tick++) fetch.onTick();
  await turn();
  expect(sent[1]?.to).toBe(b);
  fetch.removePeer(b);
  expect(await first).toBeUndefined();
  unreachable.add(a);
  expect(await fetch.fetch(height)).toBeUndefined();
  unreachable.clear();
  const third = fetch.fetch(height);
  fetch.onAnswer(a, idAt(3), undefined);
  expect(await third).toBeUndefined();
  const fourth = fetch.fetch(height);
  fetch.stop();
  expect(await fourth).toBeUndefined();
  expect(await fetch.fetch(height)).toBeUndefined();
});

it('SYNC-14: served from the ledger within the budget of the peer, and nothing when it is not to be had', () => {
  const reader = {
    changesAt: (at: Height) =>
      at === height
        ? { ok: true, value: changes }
        : { ok: false, error: { code: 'LEDGER_HEIGHT_UNKNOWN', message: 'above the head' } },
  } as unknown as LedgerReader;
  const budgets = new ServeBudgets({ bytesMax: 1, bytesPerTick: 1 });
  const ask = (at: number): SyncFrame => changesAnswer(reader, { from: a, requestId: 5, height: at, budgets });
  expect(ask(8)).toEqual({ requestId: 5, request: undefined, response: undefined });
  const { changes: served } = ask(7);
  expect(decodeStateChanges(served as Uint8Array)).toEqual({ ok: true, value: changes });
  expect(ask(7).changes).toBeUndefined();
});

/** Many calls at once leave room for other work, keep their order, and wait in bounded lines. */
import { describe, expect, it } from 'vitest';
import { createBudget } from '../src/budget.ts';
import { createGate } from '../src/gate.ts';
import { createPacer } from '../src/pacer.ts';
import { gate as held, startTestServer } from './kit/server.ts';

describe('the pacer', () => {
  it('lets a turn of the event loop pass when calls have had their share of one', async () => {
    let nowMs = 0;
    const pacer = createPacer(() => nowMs, 8);
    const done: string[] = [];
    const call = async (name: string): Promise<void> => {
      const pause = pacer.wait();
      if (pause !== undefined) await pause;
      nowMs += 5;
      done.push(name);
    };
    const other = new Promise<void>((resolve) =>
      setImmediate(() => {
        done.push('other');
        resolve();
      }),
    );
    // Two fit into 8 ms, since the time is looked at before each.
    const calls = ['a', 'b', 'c', 'd', 'e'].map(call);
    expect(done).toEqual(['a', 'b']);
    await Promise.all([...calls, other]);
    expect(done.filter((name) => name !== 'other')).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(done.indexOf('other')).toBeLessThan(4);
  });

  it('starts anew in each turn', async () => {
    let nowMs = 0;
    const pacer = createPacer(() => nowMs, 8);
    expect(pacer.wait()).toBeUndefined();
    nowMs += 100;
    expect(pacer.wait()).toBeInstanceOf(Promise);
    await new Promise((resolve) => setImmediate(resolve));
    expect(pacer.wait()).toBeUndefined();
  });

  it('a batch of calls that each take long does not hold up the node', async () => {
    let turnCount = 0;
    let turnsBefore = 0;
    let turnsWithin = 0;
    let isOver = false;
    const { post } = await startTestServer({
      backend: {
        peerCount: () => {
          if (turnsBefore === 0) turnsBefore = turnCount;
          const endMs = performance.now() + 2;
          while (performance.now() < endMs);
          turnsWithin = turnCount - turnsBefore;
          return 1;
        },
      },
    });
    const turn = (): void => {
      turnCount++;
      if (!isOver) setImmediate(turn);
    };
    const calls = Array.from({ length: 200 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'net_peerCount', params: [] }));
    turn();
    const { text } = await post(JSON.stringify(calls));
    isOver = true;
    expect(JSON.parse(text).map(({ id }: { id: number }) => id)).toEqual(calls.map(({ id }) => id));
    // 400 ms of work at 8 ms a turn; without the pacer all of it is one turn.
    expect(turnsWithin).toBeGreaterThan(30);
  });
});

describe('a gate', () => {
  it('lets so many through at a time, others in their order, and refuses who has no place to wait', async () => {
    const gate = createGate({ runningMax: 1, waitingMax: 2 });
    const first = held();
    const order: number[] = [];
    const task = (name: number, until?: Promise<void>) => async (): Promise<void> => {
      await until;
      order.push(name);
    };
    const runs = [gate.run(task(1, first.promise)), gate.run(task(2)), gate.run(task(3))];
    expect(gate.waitingCount()).toBe(2);
    expect(gate.run(task(4))).toBeUndefined();
    first.open();
    await Promise.all(runs);
    expect(order).toEqual([1, 2, 3]);
    expect(gate.waitingCount()).toBe(0);
  });

  it('opens again after a task that failed', async () => {
    const gate = createGate({ runningMax: 1, waitingMax: 1 });
    await expect(
      gate.run(async () => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await gate.run(async () => 7)).toBe(7);
  });
});

it('a budget counts what it refuses', () => {
  const budget = createBudget(10);
  expect(budget.take(10)).toBe(true);
  expect(budget.take(1)).toBe(false);
  budget.give(4);
  expect(budget.take(4)).toBe(true);
  expect([budget.taken(), budget.refusedCount()]).toEqual([10, 1]);
});

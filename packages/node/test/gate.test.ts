import type { NodeId } from '@hansa/primitives';
import type { EntryNode, TermInfo } from '@hansa/protocol';
import { describe, expect, it } from 'vitest';
import { createGate } from '../src/gate.ts';

/** Who is let in, after each word to the network, on a clock that the test moves. */
const id = (digit: string): NodeId => digit.repeat(128) as NodeId;
const [own, second, third, fourth, observer] = ['1', '2', '3', '4', '5'].map(id) as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];
const facts = (...nodes: readonly NodeId[]) => ({
  nodes: nodes.map((nodeId) => ({ nodeId, addresses: ['/ip4/127.0.0.1/tcp/30300'] })),
});
const termOf = (...nodes: readonly NodeId[]): TermInfo =>
  ({ validators: nodes.map((nodeId) => ({ nodeId, weight: 1, organisationId: 'o' })) }) as unknown as TermInfo;

function setUp(entries: readonly EntryNode[] = []) {
  const admitted: NodeId[][] = [];
  const dialed: NodeId[][] = [];
  const addresses: (readonly string[])[][] = [];
  const timers: { readonly delayMs: number; readonly run: () => void; isOff: boolean }[] = [];
  const network = {
    setAdmission: ({ nodes }: ReturnType<typeof facts>) => {
      admitted.push(nodes.map(({ nodeId }) => nodeId));
      addresses.push(nodes.map((node) => node.addresses));
      dialed.push(nodes.flatMap(({ nodeId, addresses }) => (addresses.length === 0 ? [] : [nodeId])));
    },
  };
  const clock = {
    after: (delayMs: number, run: () => void) => {
      const timer = { delayMs, run, isOff: false };
      timers.push(timer);
      return () => {
        timer.isOff = true;
      };
    },
  };
  const pass = (): void => {
    for (const timer of timers.splice(0)) if (!timer.isOff) timer.run();
  };
  const gate = createGate({ network: network as never, nodeId: own, entries, clock });
  gate.update(facts(own, second, third, fourth, observer), termOf(own, second, third, fourth));
  return { gate, admitted, addresses, dialed, timers, pass };
}

describe('MEM-31: the gate after each block', () => {
  it('closes at once for whoever was removed and is no validator of the term that ended', () => {
    const { gate, admitted, timers } = setUp();
    gate.update(facts(own, second, third, fourth), termOf(own, second, third, fourth));
    expect(admitted.at(-1)).toEqual([own, second, third, fourth]);
    expect(timers).toEqual([]);
  });

  it('stays open for 2 s to a validator that leaves with its term, for that term’s last block; it is not dialed', () => {
    const { gate, admitted, dialed, timers, pass } = setUp();
    gate.update(facts(own, second, third), termOf(own, second, third));
    expect(admitted.at(-1)).toEqual([own, second, third, fourth]);
    expect(dialed.at(-1)).toEqual([own, second, third]);
    expect(timers.map(({ delayMs }) => delayMs)).toEqual([2_000]);
    pass();
    expect(admitted.at(-1)).toEqual([own, second, third]);
  });

  it('does not hold it open over the next change, nor for itself, nor after the end', () => {
    const { gate, admitted, pass } = setUp();
    gate.update(facts(own, second, third), termOf(own, second, third));
    gate.update(facts(second, third, observer), termOf(second, third));
    expect(admitted.at(-1)).toEqual([second, third, observer]);
    gate.update(facts(second, observer), termOf(second));
    expect(admitted.at(-1)).toEqual([second, observer, third]);
    gate.stop();
    pass();
    expect(admitted.at(-1)).toEqual([second, observer, third]);
  });
});

describe('JOIN-24: the first peers of a newcomer', () => {
  const entry = { nodeId: fourth, address: '/ip4/10.0.0.4/tcp/30300' };

  it('JOIN-24: are the entry nodes of its invite too, until its own registry names it', () => {
    const { gate, admitted, addresses } = setUp([entry, { nodeId: second, address: '/ip4/10.0.0.2/tcp/30300' }]);
    expect(admitted.at(-1)).toEqual([own, second, third, fourth, observer]);
    gate.update(facts(second, third), termOf(second, third));
    expect(admitted.at(-1)).toEqual([second, third, fourth]);
    expect(addresses.at(-1)).toEqual([
      ['/ip4/10.0.0.2/tcp/30300', '/ip4/127.0.0.1/tcp/30300'],
      ['/ip4/127.0.0.1/tcp/30300'],
      ['/ip4/10.0.0.4/tcp/30300'],
    ]);
    gate.update(facts(own, second, third), termOf(second, third));
    expect(admitted.at(-1)).toEqual([own, second, third]);
    expect(addresses.at(-1)?.[1]).toEqual(['/ip4/127.0.0.1/tcp/30300']);
  });
});

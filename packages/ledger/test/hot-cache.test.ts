import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HotCache } from '../src/hot-cache.ts';
import { createChance } from './chain-fixture.ts';

describe('HotCache', () => {
  it('answers like the map behind it, below its maximum', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(200, 2_000, 100_000), (seed, sizeMax) => {
        const chance = createChance(seed);
        const truth = new Map<string, Uint8Array>();
        const cache = new HotCache(sizeMax);
        for (let step = 0; step < 300; step++) {
          const key = `key ${chance(40)}`;
          if (chance(3) === 0) {
            const value = chance(4) === 0 ? undefined : new Uint8Array(chance(200)).fill(step);
            if (value === undefined) truth.delete(key);
            else truth.set(key, value);
            cache.set(key, value);
          } else expect(cache.getOrLoad(key, () => truth.get(key))).toBe(truth.get(key));
          expect(cache.sizeBytes).toBeLessThanOrEqual(sizeMax);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keeps what is used, drops what is not, and counts', () => {
    const cache = new HotCache(10_000);
    cache.set('hot', new Uint8Array(10));
    for (let number = 0; number < 200; number++) {
      cache.set(`cold ${number}`, new Uint8Array(50));
      cache.getOrLoad('hot', () => {
        throw new Error('it was expected to be there');
      });
    }
    expect(cache.dropped).toBeGreaterThan(100);
    expect(cache.hits).toBe(200);
    cache.getOrLoad('cold 0', () => undefined);
    expect(cache.misses).toBe(1);
  });

  it('remembers that a key is absent', () => {
    const cache = new HotCache(10_000);
    let loads = 0;
    const load = (): undefined => {
      loads++;
    };
    expect([cache.getOrLoad('a', load), cache.getOrLoad('a', load)]).toEqual([undefined, undefined]);
    expect(loads).toBe(1);
  });
});

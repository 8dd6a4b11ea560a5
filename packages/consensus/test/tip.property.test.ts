import { type Height, toHashHex, type View } from '@hansa/primitives';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { selectTip } from '../src/reject.ts';
import { compareClaims } from '../src/state.ts';
import { sha } from './cluster.ts';

const claim = fc.option(
  fc.record({ view: fc.nat(4), height: fc.nat(6) }).map(({ view, height }) => ({
    view: view as View,
    height: height as Height,
    digest: toHashHex(sha(`${view}/${height}`)),
  })),
  { nil: undefined },
);

test('PBFT-V6: the tip is the highest claim by view, then height, whatever the order of the claims', () => {
  fc.assert(
    fc.property(fc.array(claim, { maxLength: 7 }), fc.nat(), (claims, turn) => {
      const list = claims.map((each) => ({ claim: each }));
      const tip = selectTip(list);
      const k = list.length === 0 ? 0 : turn % list.length;
      expect(selectTip([...list.slice(k), ...list.slice(0, k)])).toEqual(tip);
      if (tip === undefined) expect(claims.every((each) => each === undefined)).toBe(true);
      else {
        expect(claims).toContainEqual(tip);
        for (const each of claims) {
          if (each === undefined) continue;
          expect(each.view < tip.view || (each.view === tip.view && each.height <= tip.height)).toBe(true);
          expect(compareClaims(each, tip)).toBeLessThanOrEqual(0);
        }
      }
    }),
  );
});

test('PBFT-V6: a lower height of a higher view is above a higher height of a lower view', () => {
  const low = { view: 1 as View, height: 9 as Height, digest: toHashHex(sha('a')) };
  const high = { view: 2 as View, height: 1 as Height, digest: toHashHex(sha('b')) };
  expect(selectTip([{ claim: low }, { claim: high }, { claim: undefined }])).toBe(high);
});

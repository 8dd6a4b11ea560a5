import { describe, expect, it } from 'vitest';
import { type FileCoverage, measureFile } from './branch-gate.ts';

const at = (line: number, column = 2) => ({ start: { line, column } });
const coverageOf = (change: Partial<FileCoverage>): FileCoverage => ({
  branchMap: {},
  b: {},
  fnMap: {},
  f: {},
  ...change,
});
/** One `switch` on line 1 with a case on line 2 and a default on line 3. */
const switchOf = (counts: readonly number[]): FileCoverage =>
  coverageOf({ branchMap: { 0: { type: 'switch', loc: at(1), locations: [at(2), at(3)] } }, b: { 0: counts } });

describe('the gate over branches', () => {
  it('is closed when all were taken', () => {
    expect(measureFile(switchOf([1, 2]), 'a\n  case 1:\n  default:\n    stop();')).toEqual({
      branches: 2,
      functions: 0,
      unreachable: 0,
      holes: [],
    });
  });

  it('leaves out the default that is assertNever, and nothing else', () => {
    const holesWith = (body: string) => measureFile(switchOf([1, 0]), `a\n  case 1:\n  default:\n    ${body}`);
    expect(holesWith('return assertNever(x);')).toMatchObject({ branches: 1, unreachable: 1, holes: [] });
    expect(holesWith('assertNever(x.type);')).toMatchObject({ unreachable: 1, holes: [] });
    expect(holesWith('return fallback;')).toMatchObject({ branches: 2, holes: [{ line: 3 }] });
    expect(holesWith('if (x) assertNever(x);')).toMatchObject({ holes: [{ line: 3 }] });
    expect(measureFile(switchOf([0, 1]), 'a\n  case 1: assertNever(x);\n  default:')).toMatchObject({
      holes: [{ line: 2 }],
    });
  });

  it('names an else that is not written at its if, and a function that is never called', () => {
    const coverage = coverageOf({
      branchMap: { 0: { type: 'if', loc: at(4), locations: [at(4), { start: {} }] } },
      b: { 0: [3, 0] },
      fnMap: { 0: { name: 'idle', loc: at(2) } },
      f: { 0: 0 },
    });
    expect(measureFile(coverage, '').holes).toEqual([
      { line: 2, what: 'idle is never called' },
      { line: 4, what: 'if 2 of 2 is never taken' },
    ]);
  });

  it('does not let code hide', () => {
    for (const comment of ['/* v8 ignore next */', '// istanbul ignore else', '/* c8 ignore start */'])
      expect(measureFile(coverageOf({}), `a\n${comment}`).holes).toEqual([
        { line: 2, what: 'code is hidden from the measurement' },
      ]);
  });
});

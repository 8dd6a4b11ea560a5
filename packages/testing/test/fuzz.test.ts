import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, ok } from '@hansa/primitives';
import { describe, expect, it } from 'vitest';
import { addToCorpus, readCorpus } from '../src/fuzz/corpus.ts';
import { execute } from '../src/fuzz/execute.ts';
import { MUTATIONS, mutate } from '../src/fuzz/mutate.ts';
import { parseOptions } from '../src/fuzz/options.ts';
import { runFuzz } from '../src/fuzz/run-fuzz.ts';
import type { FoundFault } from '../src/fuzz/run-target.ts';
import { canonicalTarget, createTarget, type FuzzTarget } from '../src/fuzz/target.ts';
import { createTargets } from '../src/fuzz/targets/index.ts';
import { Prng } from '../src/simulator/prng.ts';

const faultsOf = async (target: FuzzTarget): Promise<readonly FoundFault[]> => {
  const plan = { targets: [target], seed: 1, seconds: 10, rounds: 400, stopAtFault: true, isCovered: false };
  return (await runFuzz(plan)).targets[0]?.faults ?? [];
};
const kindsOf = (faults: readonly FoundFault[]): string[] => faults.map(({ kind }) => kind);

/** u16 length, then as many bytes; canonical when the length is right and nothing follows. */
type Text = { readonly bytes: Uint8Array };
const sized = (
  name: string,
  decode: (input: Uint8Array) => ReturnType<typeof ok<Text>> | ReturnType<typeof fail<string>>,
): FuzzTarget =>
  canonicalTarget<Text>({
    name,
    about: 'a length and bytes',
    value: (prng) => ({ bytes: Uint8Array.from({ length: prng.below(20) }, () => prng.below(256)) }),
    encode: ({ bytes }) => Uint8Array.of(bytes.length >> 8, bytes.length & 0xff, ...bytes),
    decode,
  });
const sizeOf = (input: Uint8Array): number => ((input[0] ?? 0) << 8) | (input[1] ?? 0);
const decodeWell = (input: Uint8Array): ReturnType<typeof ok<Text>> | ReturnType<typeof fail<string>> =>
  input.length >= 2 && sizeOf(input) === input.length - 2 ? ok({ bytes: input.slice(2) }) : fail('malformed');

describe('every decoder that sees bytes from outside', () => {
  it('takes the corpus and some thousand hostile inputs without a fault', async () => {
    const report = await runFuzz({ targets: createTargets(), seed: 1, rounds: 9, isCovered: false });
    const faults = report.targets.flatMap((target) =>
      target.faults.map(({ kind, message }) => [target.name, kind, message]),
    );
    expect(faults).toEqual([]);
    for (const { name, executionCount, acceptedCount } of report.targets) {
      expect(executionCount, name).toBeGreaterThanOrEqual(9 * 64);
      // Both ways are exercised: values that pass, and more than one in ten of them.
      expect(acceptedCount, name).toBeGreaterThan(executionCount / 20);
    }
  }, 120_000);

  it('has a corpus that was kept for each', () => {
    const without = createTargets().filter(({ name }) => readCorpus(name).length === 0);
    expect(without.map(({ name }) => name)).toEqual([]);
  });
});

describe('the fuzzer finds what is wrong', () => {
  it('and nothing in a decoder that is right', async () => {
    expect(await faultsOf(sized('right', decodeWell))).toEqual([]);
  });

  it('a throw on a certain byte', async () => {
    const faults = await faultsOf(
      sized('throws', (input) => {
        if (input[4] === 0x80) throw new RangeError('offset');
        return decodeWell(input);
      }),
    );
    expect(kindsOf(faults)).toContain('throws');
    // Made small: nothing behind the byte, nothing before it but zeros.
    expect([...(faults[0]?.input ?? [])]).toEqual([0, 0, 0, 0, 0x80]);
  });

  it('a length that is not canonical', async () => {
    const faults = await faultsOf(
      sized('lenient', (input) =>
        input.length >= 2 && sizeOf(input) <= input.length - 2
          ? ok({ bytes: input.slice(2, 2 + sizeOf(input)) })
          : fail('no'),
      ),
    );
    expect(kindsOf(faults)).toContain('check');
  });

  it('a value that points into the bytes it came from', async () => {
    const faults = await faultsOf(
      sized('aliasing', (input) => (decodeWell(input).ok ? ok({ bytes: input.subarray(2) }) : fail('no'))),
    );
    expect(kindsOf(faults)).toContain('check');
  });

  it('a valid value that is refused', async () => {
    const faults = await faultsOf(
      sized('strict', (input) => (input.length > 12 ? fail('too long') : decodeWell(input))),
    );
    expect(kindsOf(faults)).toContain('refuses valid');
  });

  it('bytes that the decoder changes', async () => {
    const faults = await faultsOf(
      sized('scribbling', (input) => {
        const decoded = decodeWell(input);
        if (input[3] === 7) input[3] = 8;
        return decoded;
      }),
    );
    expect(kindsOf(faults)).toContain('changes input');
  });

  it('memory for what was only announced', async () => {
    const faults = await faultsOf(
      sized('announced', (input) => {
        const room = new Uint8Array(sizeOf(input) * 256);
        return room.length >= 0 ? decodeWell(input) : fail('never');
      }),
    );
    expect(kindsOf(faults)).toEqual(['memory']);
  });

  it('work above its budget', async () => {
    const target = createTarget<number>({
      name: 'quadratic',
      about: 'pairs of equal bytes',
      generate: (prng) => Uint8Array.from({ length: 40 }, () => prng.below(4)),
      decode: (input) => {
        let count = 0;
        const pairs = input.subarray(0, 6_000);
        for (const a of pairs) for (const b of pairs) if (a === b) count++;
        return count;
      },
    });
    expect(kindsOf(await faultsOf(target))).toContain('time');
  });
});

describe('guidance by coverage', () => {
  it('keeps inputs that reach new code', async () => {
    const targets = createTargets().filter(({ name }) => name === 'control-frame');
    const fresh = targets.map((target) => ({ ...target, name: 'control-frame-without-corpus' }));
    const { targets: reports, blockCount } = await runFuzz({ targets: fresh, seed: 3, rounds: 20, isCovered: true });
    expect(blockCount).toBeGreaterThan(20);
    expect(reports[0]?.kept.length).toBeGreaterThan(0);
  });
});

describe('the parts', () => {
  it('the same seed gives the same inputs', () => {
    const run = (): string[] => {
      const prng = new Prng(9);
      const start = Uint8Array.from({ length: 30 }, (_, i) => i);
      return Array.from({ length: 300 }, () => mutate(prng, start, [start]).join());
    };
    expect(run()).toEqual(run());
    expect(new Set(run()).size).toBeGreaterThan(150);
  });

  it('each mutation leaves its input alone, even an empty one', () => {
    const prng = new Prng(2);
    for (const mutation of Object.values(MUTATIONS)) {
      for (const size of [0, 1, 3, 64]) {
        const input = new Uint8Array(size).fill(1);
        for (let i = 0; i < 20; i++) mutation(prng, input, []);
        expect(input.every((byte) => byte === 1)).toBe(true);
      }
    }
  });

  it('an input is run once by hand', async () => {
    const [target] = createTargets().filter(({ name }) => name === 'account');
    const { isAccepted, fault } = await execute(target as FuzzTarget, Uint8Array.of(1, 2, 3));
    expect([isAccepted, fault]).toEqual([false, undefined]);
  });

  it('the corpus is read back as it was written, and nothing twice', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hansa-corpus-'));
    const inputs = [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(1, 2), new Uint8Array(5_000)];
    expect(addToCorpus('x', inputs, folder)).toBe(2);
    expect(addToCorpus('x', inputs, folder)).toBe(0);
    expect(readCorpus('x', folder)).toEqual([Uint8Array.of(1, 2), new Uint8Array(0)]);
  });

  it.each([['--seconds', 'x'], ['--seed', '1.5'], ['--target'], ['--nonsense'], ['--input', '00']])(
    'wrong options are told: %s %s',
    (...words) => {
      expect(typeof parseOptions(words.filter((word) => word !== undefined))).toBe('string');
    },
  );

  it('options are read', () => {
    const options = parseOptions(['--seconds=3', '--seed', '7', '--target', 'a,b', '--target', 'c', '--save']);
    expect(options).toMatchObject({ seconds: 3, seed: 7, targets: ['a', 'b', 'c'], save: true, action: 'run' });
  });
});

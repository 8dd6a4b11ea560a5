/** The compiler tier: what it may cost, what it leaves to the interpreter, and that neither shows in a result. */
import { bytesToHex, fromHex } from '@hansa/primitives';
import { describe, expect, it } from 'vitest';
import { compileCode } from '../src/compiler/compile.ts';
import { COMPILER_LIMITS } from '../src/compiler/limits.ts';
import type { Evm } from '../src/index.ts';
import { createInstance, type HostImports } from '../src/instance.ts';
import { addressOf, createEvm, ENVIRONMENT, messageOf, push32, RETURN_WORD, TARGET, World } from './kit/world.ts';

const AT_ONCE = { hotCalls: 1, when: 'at once' } as const;
const GAS_LIMITS = [10n, 400n, 25_000n, 300_000n];
const CALLEE = addressOf(0xbeef);
const sizeOf = (hex: string): number => hex.length / 2;
const word16 = (value: number): string => `61${value.toString(16).padStart(4, '0')}`;

const interpreter = createEvm(new World());
const compiler = createEvm(new World(), { compiler: AT_ONCE });

function outcomeOn(evm: Evm, codes: readonly string[], gasLimit: bigint, data: string): string {
  const world = new World();
  for (const [i, code] of codes.entries()) world.deploy(i === 0 ? TARGET : CALLEE, fromHex(code), 5n);
  evm.forget();
  evm.bind(world, ENVIRONMENT);
  evm.run(messageOf({ gasLimit, data: fromHex(data) }));
  const { status, gasUsed, gasRefund, output, logs } = evm.result();
  const changes: string[] = [];
  evm.takeChanges({
    account: (address) => changes.push(address),
    storage: (_, slot, value) => changes.push(`${slot} ${value === undefined ? '' : bytesToHex(value)}`),
  });
  return [status, gasUsed, gasRefund, bytesToHex(output), logs.length, ...changes].join(' ');
}

/** In both tiers, with more and with less gas than they need. */
function expectSame(...codes: readonly string[]): void {
  for (const gasLimit of GAS_LIMITS) {
    const expected = outcomeOn(interpreter, codes, gasLimit, '01ff');
    expect(outcomeOn(compiler, codes, gasLimit, '01ff'), `gas ${gasLimit}`).toBe(expected);
  }
}

describe('a tier that ran shows in no result', () => {
  const loop = `${word16(300)}5b80${'02'}600301${'80'}6001${'90'}03${'80'}${word16(3)}57${RETURN_WORD}`;
  it.each([
    { name: 'a loop', code: `${word16(300)}5b600190038061000357${RETURN_WORD}` },
    { name: 'a loop that breaks its stack', code: loop },
    { name: 'a stack that overflows', code: '5b5f5f56' },
    { name: 'a jump to where nothing is', code: '60ff56' },
    { name: 'a jump that nobody knows before', code: `5f3560f81c565b${RETURN_WORD}` },
    { name: 'memory beyond what gas buys', code: `${push32(2n ** 64n)}51` },
    { name: 'memory that grows by a computed place', code: `5f3560f01c6110000151${RETURN_WORD}` },
    { name: 'gas as the code sees it', code: `60015f555a5f5260205f205a${RETURN_WORD}` },
    { name: 'storage, logs and hashes', code: `60055f555f5460010180600155602a5f5360205f20600360205fa1${RETURN_WORD}` },
    { name: 'a refund', code: '60015f555f5f5560015f555f5f55' },
    { name: 'division by zero and by itself', code: `5f60050460076007040160025f0301${RETURN_WORD}` },
    { name: 'code that is cut within an operand', code: '600161' },
  ])('$name', ({ code }) => expectSame(code));

  it('calls and what comes behind them, and writes that a static call forbids', () => {
    const callee = '5f545f5260015f5560205ff3';
    for (const opcode of ['f1', 'fa', 'f4']) {
      const value = opcode === 'f1' ? '5f' : '';
      const call = `60205f5f5f${value}61beef5a${opcode}`;
      expectSame(`60075f55${call}5f51013d015a01${RETURN_WORD}`, callee);
    }
    expectSame(`${'6001600c60003960016000f0'}${RETURN_WORD}`);
  });
});

describe('limits', () => {
  const table = opTable();
  const compile = (hex: string): ReturnType<typeof compileCode> =>
    compileCode({ code: fromHex(hex), table, environment: 0x1000 });
  const fill = (part: string): string => part.repeat(Math.floor(COMPILER_LIMITS.codeBytes / sizeOf(part)));

  it('leave codes to the interpreter that are empty or too large', () => {
    expect(compile('')).toBeUndefined();
    expect(compile(`${fill('5b')}5b`)).toBeUndefined();
    expect(compile('00')).toBeDefined();
  });

  it.each([
    { name: 'DUP1 MUL', code: `${push32(3n)}${fill('8002').slice(80)}` },
    { name: 'DUP1 ADD', code: `${push32(3n)}${fill('8001').slice(80)}` },
    { name: 'loads from memory', code: `5f${fill('51').slice(8)}` },
    { name: 'hashes', code: `5f${fill('8020').slice(8)}` },
    { name: 'places to jump to', code: fill('5b') },
    { name: 'jumps that depend', code: fill('5f5f57') },
    { name: 'places that come back to', code: `${fill('5b61000056')}` },
    { name: 'jumps within jumps', code: fill('5b5f3561020057') },
    { name: 'three opcodes that go round', code: '5b5f5f56' },
  ])('hold for $name, and the result is the same', ({ code }) => {
    const made = compile(code);
    expect(made?.bytes.length).toBeLessThan(COMPILER_LIMITS.moduleBytes + 128 * COMPILER_LIMITS.heads);
    expect(made?.regionCount).toBeLessThanOrEqual(COMPILER_LIMITS.heads);
    expectSame(code);
  });
});

describe('the queue', () => {
  const code = `${word16(300)}5b600190038061000357${RETURN_WORD}`;
  const run = (evm: Evm): string => {
    evm.run(messageOf());
    return `${evm.status} ${evm.gasUsed}`;
  };

  it('has a code from its n-th call on, once, and it runs compiled when all steps are done', async () => {
    const world = new World();
    world.deploy(TARGET, fromHex(code));
    const evm = createEvm(world, { compiler: { hotCalls: 3, when: 'queue' } });
    const first = run(evm);
    run(evm);
    expect(evm.generateNext()).toBeUndefined();
    run(evm);
    const generated = evm.generateNext();
    expect(evm.generateNext()).toBeUndefined();
    const steps = generated?.generate();
    let step = steps?.next();
    while (step?.done === false) step = steps?.next();
    const made = step?.value;
    const module = await made?.compile();
    expect(module).toBeDefined();
    for (const _ of module === undefined ? [] : (made?.install(module) ?? [])) {
      expect(evm.compiled.codes).toBe(0);
      expect(run(evm)).toBe(first);
    }
    expect(evm.compiled).toMatchObject({ codes: 1 });
    expect(run(evm)).toBe(first);
  });

  it('keeps no more codes than it may', () => {
    const world = new World();
    const evm = createEvm(world, { compiler: AT_ONCE, codeBytesMax: 1 << 18 });
    for (let i = 0; i < COMPILER_LIMITS.cacheCodes + 8; i++) {
      const address = addressOf(0x10_000 + i);
      world.deploy(address, fromHex(`${word16(i)}${RETURN_WORD}`));
      evm.run(messageOf({ to: address }));
      expect(evm.status).toBe('ok');
    }
    expect(evm.compiled.codes).toBe(COMPILER_LIMITS.cacheCodes);
    // The first ones are gone, and come back.
    evm.run(messageOf({ to: addressOf(0x10_000) }));
    expect(evm.status).toBe('ok');
  });
});

/** Prices and stack of the opcodes, as the engine has them. */
function opTable(): Uint8Array {
  const unused = (): number => 0;
  const names = ['loadAccount', 'loadSlot', 'codeSize', 'copyCode', 'storeCode', 'blockHash', 'native', 'revertTo'];
  const host = Object.fromEntries([...names, 'deny', 'created', 'hot'].map((name) => [name, unused]));
  const engine = createInstance(host as unknown as HostImports);
  engine.setup(1, 0, 1 << 20, 1n, 2n);
  return new Uint8Array(engine.memory.buffer).slice(engine.OPS.value, engine.OPS.value + 2_048);
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initCrypto, standardSuite as suite } from '@hansa/crypto';
import type { HashHex, Height, Term, ValidatorIndex, View } from '@hansa/primitives';
import { type PbftMessage, pbftSigningDigest, verifyMisbehaviour } from '@hansa/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openMisbehaviourStore, parseMisbehaviour } from '../src/misbehaviour-store.ts';

const genesisHash = 'aa'.repeat(32) as HashHex;
const key = new Uint8Array(32).fill(7);
const nodeId = suite.nodeIdOf(key);

function prepare(digest: string, height = 9): PbftMessage {
  const message = {
    type: 'prepare',
    term: 3 as Term,
    sender: 1 as ValidatorIndex,
    view: 2 as View,
    height: height as Height,
    digest: digest.repeat(32) as HashHex,
  } as const;
  return { ...message, signature: suite.sign(pbftSigningDigest(suite, genesisHash, message), key) };
}

beforeAll(initCrypto);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hansa-misbehaviour-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const open = (): ReturnType<typeof openMisbehaviourStore> =>
  openMisbehaviourStore({ directory: join(folder, 'proofs'), suite, genesisHash, now: () => 1_234 });

describe('FMT-72: proofs on disk', () => {
  test('a kept proof is a file that anybody can check, and is there after a restart', () => {
    const store = open();
    const file = store.add({ nodeId, organisation: 'BankA', first: prepare('b1'), second: prepare('b2') });
    const proof = parseMisbehaviour(JSON.parse(readFileSync(file as string, 'utf8')));
    expect(proof === undefined ? undefined : verifyMisbehaviour(suite, proof)).toEqual({
      ok: true,
      value: { kind: 'prepare', term: 3, view: 2, height: 9 },
    });
    expect(open().records()).toEqual(store.records());
    expect(store.records()).toMatchObject([{ organisation: 'BankA', kind: 'prepare', height: 9, seenAt: 1_234 }]);
  });

  test('one per slot; what proves nothing is not kept', () => {
    const store = open();
    const add = (first: PbftMessage, second: PbftMessage): boolean =>
      store.add({ nodeId, organisation: undefined, first, second }) !== undefined;
    expect(add(prepare('b1'), prepare('b2'))).toBe(true);
    expect(add(prepare('b1'), prepare('b3'))).toBe(false);
    expect(add(prepare('b1', 10), prepare('b2', 10))).toBe(true);
    expect(add(prepare('b1', 11), prepare('b1', 11))).toBe(false);
    expect(add(prepare('b1', 11), prepare('b2', 12))).toBe(false);
    expect(store.records()).toHaveLength(2);
  });

  test('a torn or foreign file is left alone', () => {
    const file = open().add({ nodeId, organisation: undefined, first: prepare('b1'), second: prepare('b2') });
    const text = readFileSync(file as string, 'utf8');
    for (const damaged of ['', 'null', '[]', text.slice(0, -10), text.replace('0xaa', '0xzz'), '{"format":1}']) {
      writeFileSync(file as string, damaged);
      expect(open().records()).toEqual([]);
      expect(readFileSync(file as string, 'utf8')).toBe(damaged);
    }
  });
});

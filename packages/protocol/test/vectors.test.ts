/** Golden vectors: what is on disk is what this program makes, and what other libraries say of it. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { initCrypto } from '@hansa/crypto';
import {
  keccak256,
  parseTransaction,
  recoverPublicKey,
  recoverTransactionAddress,
  type TransactionSerialized,
} from 'viem';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildVectors, bytesOf, renderVectors } from './vector-inputs.ts';

const FOLDER = join(import.meta.dirname, 'vectors');
type Vector = Record<string, unknown>;
const load = (name: string): readonly Vector[] =>
  JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Vector[];
const sha256 = (...parts: readonly Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};
const tagged = (tag: string, ...parts: readonly Uint8Array[]): string =>
  sha256(Uint8Array.of(tag.length), Buffer.from(tag), ...parts);
const u64 = (value: number): Uint8Array => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};

/** By viem, whose curve is noble: the key that signed is one of the two that the signature recovers to. */
async function isSignedBy(nodeId: string | undefined, digest: string, signature: unknown): Promise<boolean> {
  const recovered = await Promise.all(
    ['1b', '1c'].map((v) => recoverPublicKey({ hash: `0x${digest}`, signature: `0x${signature as string}${v}` })),
  );
  return recovered.includes(`0x04${nodeId}`);
}

beforeAll(initCrypto);

it('every file is what this program makes of the same values', () => {
  const built = buildVectors();
  expect(readdirSync(FOLDER).sort()).toEqual(
    Object.keys(built)
      .map((name) => `${name}.json`)
      .sort(),
  );
  for (const [name, vectors] of Object.entries(built)) {
    expect(readFileSync(join(FOLDER, `${name}.json`), 'utf8'), name).toBe(renderVectors(vectors));
  }
});

it('FMT-4: the digests are SHA-256 of tag and bytes, by another library', () => {
  for (const { tag, bytes, digest } of load('digests')) expect(tagged(tag as string, bytesOf(bytes))).toBe(digest);
});

it('FMT-43: the certificate verifies by noble alone, from the bytes that the rule names', async () => {
  for (const vector of load('certificate')) {
    const { height, blockHash, signatures } = vector['certificate'] as {
      height: number;
      blockHash: string;
      signatures: { index: number; signature: string }[];
    };
    const digest = tagged(
      'hansa/pbft-result/v1',
      bytesOf(vector['genesisHash']),
      u64(vector['term'] as number),
      u64(height),
      bytesOf(blockHash),
    );
    expect(digest).toBe(vector['digest']);
    const validators = vector['validators'] as { nodeId: string }[];
    for (const { index, signature } of signatures) {
      expect(await isSignedBy(validators[index]?.nodeId, digest, signature)).toBe(true);
      expect(await isSignedBy(validators[2]?.nodeId, digest, signature)).toBe(false);
    }
  }
});

it('the signature of each message verifies by noble', async () => {
  let count = 0;
  for (const { message, nodeIds, signingDigest } of load('messages') as {
    message: Vector;
    nodeIds: string[];
    signingDigest: string | null;
  }[]) {
    if (signingDigest === null) continue;
    const nodeId = (message['nodeId'] as string | undefined) ?? nodeIds[message['sender'] as number];
    expect(await isSignedBy(nodeId, signingDigest, message['signature']), message['type'] as string).toBe(true);
    count++;
  }
  expect(count).toBe(9);
});

describe('transactions, by viem', () => {
  for (const vector of load('transactions')) {
    it(vector['name'] as string, async () => {
      const serialized = `0x${vector['bytes']}` as TransactionSerialized;
      expect(keccak256(serialized)).toBe(`0x${vector['hash']}`);
      const parsed = parseTransaction(serialized);
      const fields = vector['fields'] as Record<string, unknown>;
      expect(parsed.chainId).toBe(fields['chainId']);
      expect(`${parsed.nonce ?? 0}`).toBe(fields['nonce']);
      expect(`${parsed.gas}`).toBe(fields['gasLimit']);
      expect(`${parsed.value}`).toBe(fields['value']);
      expect((await recoverTransactionAddress({ serializedTransaction: serialized })).toLowerCase()).toBe(
        `0x${vector['sender']}`,
      );
    });
  }
});

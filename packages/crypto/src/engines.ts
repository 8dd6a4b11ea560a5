/** Which library does what in this process. Chosen once, when the module is loaded; `initCrypto` adds what loads late. */
import { hash } from 'node:crypto';
import { createRequire } from 'node:module';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { createKeccak, type IHasher } from 'hash-wasm';
import { type CurveEngine, loadNativeCurve, nobleCurve } from './curve-engine.ts';

const PAIR_SIZE = 64;
const DIGEST_SIZE = 32;
/** Below this many pairs the call into the addon costs more than it saves (measured: 1.0 against 0.65 µs for one). */
const HASHTREE_PAIR_COUNT_MIN = 2;

/** What this process computes with, and why where it is not the quickest. For logs, `status` and `doctor`. */
export type EngineReport = {
  readonly signatures: 'native' | 'noble';
  readonly digest: 'node';
  readonly pairs: 'hashtree' | 'node';
  readonly keccak: 'wasm' | 'noble';
  /** One sentence per engine that is slower than it could be; empty when all is as it should be. */
  readonly warnings: readonly string[];
};

const nativeCurve = loadNativeCurve();

/** The curve of both suites of signatures: consensus and Ethereum. */
export const curve: CurveEngine = nativeCurve.engine ?? nobleCurve;

export type PairsEngine = { readonly name: 'hashtree' | 'node'; digestPairs(pairs: Uint8Array): Uint8Array };

type Hashtree = { hashInto(input: Uint8Array, output: Uint8Array): void };

/** SHA-256 of each 64 bytes by the platform's OpenSSL: 0.65 µs a pair. */
export const nodePairs: PairsEngine = {
  name: 'node',
  digestPairs(pairs) {
    const count = pairs.length / PAIR_SIZE;
    const out = new Uint8Array(count * DIGEST_SIZE);
    for (let i = 0; i < count; i++) {
      out.set(hash('sha256', pairs.subarray(i * PAIR_SIZE, (i + 1) * PAIR_SIZE), 'buffer'), i * DIGEST_SIZE);
    }
    return out;
  },
};

/** The same by vectorised code: 0.035 µs a pair in batches of a thousand. */
export function loadHashtreePairs(
  load: (name: string) => unknown = createRequire(import.meta.url),
): { readonly engine: PairsEngine } | { readonly engine: undefined; readonly reason: string } {
  try {
    const { hashInto } = load('@chainsafe/hashtree') as Hashtree;
    return {
      engine: {
        name: 'hashtree',
        digestPairs(pairs) {
          if (pairs.length < HASHTREE_PAIR_COUNT_MIN * PAIR_SIZE) return nodePairs.digestPairs(pairs);
          const out = new Uint8Array(pairs.length / 2);
          hashInto(pairs, out);
          return out;
        },
      },
    };
  } catch (cause) {
    return {
      engine: undefined,
      reason: cause instanceof Error ? (cause.message.split('\n', 1)[0] as string) : 'unknown',
    };
  }
}

const hashtree = loadHashtreePairs();

/** Merkle pairs of the suite `standard`. */
export const pairs: PairsEngine = hashtree.engine ?? nodePairs;

// One hasher per thread: it is stateful, and each use runs to its end before another begins (no await in between).
let keccakHasher: IHasher | undefined;
let initialising: Promise<void> | undefined;

/**
 * Loads what can only be loaded asynchronously (Keccak-256 as WebAssembly, nine times faster than JavaScript). Call it
 * once in each thread before work begins. Without it everything works, slower. Idempotent.
 */
export function initCrypto(): Promise<void> {
  initialising ??= createKeccak(256).then((hasher) => {
    keccakHasher = hasher;
  });
  return initialising;
}

/** Keccak-256 (the one of Ethereum, before FIPS 202 changed the padding). */
export function keccak256(bytes: Uint8Array): Uint8Array {
  if (keccakHasher === undefined) return keccak_256(bytes);
  return keccakHasher.init().update(bytes).digest('binary');
}

export function engineReport(): EngineReport {
  const warnings: string[] = [];
  if (nativeCurve.engine === undefined) {
    warnings.push(`signatures are checked in JavaScript, some 24 times slower: ${nativeCurve.reason}`);
  }
  if (hashtree.engine === undefined) warnings.push(`Merkle pairs are hashed one by one: ${hashtree.reason}`);
  if (keccakHasher === undefined) warnings.push('Keccak-256 runs in JavaScript until initCrypto() is done');
  return {
    signatures: curve.name,
    digest: 'node',
    pairs: pairs.name,
    keccak: keccakHasher === undefined ? 'noble' : 'wasm',
    warnings,
  };
}

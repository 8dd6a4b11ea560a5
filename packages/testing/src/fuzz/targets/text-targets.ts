/** Texts and proofs that people hand to programs: genesis, proofs of state and of misbehaviour. */
import { formatKeyFile, merkleProof, merkleRoot, parseKeyFile, standardSuite, verifyMerkleProof } from '@hansa/crypto';
import { bytesToHex, fromHex, type HashHex, hashToHex, type NodeId, toHashHex } from '@hansa/primitives';
import {
  accountKey,
  claimSigningDigest,
  DEFAULT_CHAIN_PARAMETERS,
  decodeGenesis,
  decodeUtf8,
  encodeGenesis,
  encodePbftMessage,
  encodeUtf8,
  type Genesis,
  type MisbehaviourProof,
  type PbftMessage,
  parseGenesis,
  pbftSigningDigest,
  renderGenesis,
  type StateKey,
  type StateProof,
  stateLeafDigest,
  verifyMisbehaviour,
  verifyStateProof,
} from '@hansa/protocol';
import type { Prng } from '../../simulator/prng.ts';
import { pbftMessage } from '../pbft-values.ts';
import { accepted, canonicalTarget, createTarget, type FuzzTarget } from '../target.ts';
import * as values from '../values.ts';

const KEY: Uint8Array = new Uint8Array(32).fill(3);
const SIGNER: NodeId = standardSuite.nodeIdOf(KEY);
const GENESIS_HASH = '7e'.repeat(32) as HashHex;

export function textTargets(): FuzzTarget[] {
  return [
    createTarget({
      name: 'genesis-json',
      about: 'genesis.json',
      budget: { timeMs: 20 },
      generate: (prng) => encodeUtf8(renderGenesis(genesis(prng))),
      decode: (input) => accepted(parseGenesis(textOf(input))),
      check: (value) => {
        const again = parseGenesis(renderGenesis(value));
        if (!again.ok) return `its own text is refused: ${again.error.message}`;
        return bytesToHex(encodeGenesis(again.value)) === bytesToHex(encodeGenesis(value))
          ? undefined
          : 'writing and reading changes the genesis';
      },
    }),
    canonicalTarget({
      name: 'genesis',
      about: 'canonical bytes of genesis',
      budget: { timeMs: 20 },
      value: genesis,
      encode: encodeGenesis,
      decode: decodeGenesis,
    }),
    createTarget({
      name: 'key-file',
      about: 'file with a private key',
      generate: (prng) => encodeUtf8(`${prng.chance(0.5) ? '0x' : ''}${prng.hex(32)}\n`),
      decode: (input) => accepted(parseKeyFile(textOf(input))),
      check: (key) => {
        const again = parseKeyFile(formatKeyFile(key));
        return again.ok && bytesToHex(again.value) === bytesToHex(key)
          ? undefined
          : 'writing and reading changes the key';
      },
    }),
    misbehaviourTarget(),
    merkleTarget(),
    stateProofTarget(),
  ];
}

/** As a file is read: what is not UTF-8 becomes the replacement sign. */
export const textOf = (input: Uint8Array): string => decodeUtf8(input) ?? new TextDecoder().decode(input);

/** JSON of an input; undefined when it is none. */
export function jsonOf(input: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(input)) as unknown;
  } catch {
    return undefined;
  }
}

export function genesis(prng: Prng): Genesis {
  const organisations = ['alpha', 'beta', 'gamma'].slice(0, prng.between(1, 3));
  return {
    formatVersion: 2,
    chainId: prng.pick([1, 20_200, Number.MAX_SAFE_INTEGER]),
    groupId: values.group(prng),
    suite: 'standard',
    stateTree: 'radix-v1',
    evmFork: 'prague',
    timestamp: values.natural(prng),
    parameters: DEFAULT_CHAIN_PARAMETERS,
    committee: { participationRate: 66, winRate: 66 },
    organisations: organisations.map((id, at) => ({
      id,
      name: prng.pick(['Bank', '中国银行', '🏦 & Söhne']),
      contact: prng.pick(['', 'ops@bank.example']),
      admins: [`${at + 1}`.repeat(40) as never],
      threshold: 1,
      governorWeight: at === 0 ? 1 : prng.below(3),
    })),
    nodes: values.NODE_IDS.slice(0, prng.between(1, 4))
      .map((nodeId, at) => ({
        nodeId,
        organisationId: organisations[at % organisations.length] as string,
        role: at === 0 || prng.chance(0.7) ? ('validator' as const) : ('observer' as const),
        weight: 1,
        addresses: prng.chance(0.5) ? [] : [`/ip4/10.0.0.${at}/tcp/30300`, '/dns4/node.example/tcp/1'],
      }))
      .map((node) => ({ ...node, weight: node.role === 'validator' ? 1 : 0 })),
    accounts: ['a', 'b'].slice(0, prng.below(3)).map((digit) => ({
      address: digit.repeat(40) as never,
      balance: values.word(prng, 16),
      nonce: BigInt(prng.below(5)),
      code: values.bytes(prng),
      storage: prng.chance(0.5) ? [] : [{ slot: toHashHex('00'.repeat(32)), value: toHashHex('01'.repeat(32)) }],
    })),
  };
}

/** u16 length, first message, second message. */
function misbehaviourTarget(): FuzzTarget {
  const verify = (input: Uint8Array): ReturnType<typeof verifyMisbehaviour> => {
    const size = ((input[0] ?? 0) << 8) | (input[1] ?? 0);
    return verifyMisbehaviour(standardSuite, proofOf(input.subarray(2, 2 + size), input.subarray(2 + size)));
  };
  return createTarget({
    name: 'misbehaviour',
    about: 'proof of two contradicting signatures',
    // Two checks of signatures, some milliseconds each where no native engine is at hand.
    budget: { timeMs: 30 },
    generate: (prng) => {
      const first = signed(pbftMessage(prng, prng.pick(['prepare', 'commit', 'result', 'view-change'] as const)));
      const other = first.type === 'result' ? { blockHash: values.hash(prng) } : { digest: values.hash(prng) };
      const content =
        first.type === 'view-change'
          ? { claim: { view: values.view(prng), height: values.height(prng), digest: values.hash(prng) } }
          : other;
      const a = encodePbftMessage(first);
      const b = encodePbftMessage(signed({ ...first, ...content } as PbftMessage));
      return Uint8Array.from([a.length >> 8, a.length & 0xff, ...a, ...b]);
    },
    decode: (input) => accepted(verify(input)),
    check: (value, input) => {
      const again = verify(input);
      return again.ok && JSON.stringify(again.value) === JSON.stringify(value) ? undefined : 'proven once, not twice';
    },
  });
}

const proofOf = (first: Uint8Array, second: Uint8Array): MisbehaviourProof => ({
  genesisHash: GENESIS_HASH,
  nodeId: SIGNER,
  first,
  second,
});

/** As its author signs it: a VIEW-CHANGE by its claim alone. */
function signed(message: PbftMessage): PbftMessage {
  if (message.type === 'prepared-certificate' || message.type === 'commit-certificate') return message;
  const digest =
    message.type === 'view-change'
      ? claimSigningDigest(standardSuite, GENESIS_HASH, message)
      : pbftSigningDigest(standardSuite, GENESIS_HASH, message);
  return { ...message, signature: standardSuite.sign(digest, KEY) };
}

/** u32 index, u32 count, then siblings of 32 bytes: a proof must hold for the one leaf of which it was made, or not at all. */
function merkleTarget(): FuzzTarget {
  const leaves = [1, 2, 3, 4, 5].map((n) => hashToHex(new Uint8Array(32).fill(n)));
  const root = merkleRoot(standardSuite, 'hansa/fuzz/v1', leaves);
  const read = (input: Uint8Array): { leaf: HashHex; proof: { index: number; count: number; siblings: HashHex[] } } => {
    const at = (position: number): number =>
      Number.parseInt(bytesToHex(input.subarray(position, position + 4)) || '0', 16);
    const hashes = Array.from({ length: Math.min(64, Math.ceil(Math.max(0, input.length - 8) / 32)) }, (_, i) =>
      bytesToHex(input.subarray(8 + 32 * i, 40 + 32 * i)),
    ) as HashHex[];
    const [leaf = '' as HashHex, ...siblings] = hashes;
    return { leaf, proof: { index: at(0), count: at(4), siblings } };
  };
  return createTarget({
    name: 'merkle-proof',
    about: 'proof that something stands in a block',
    generate: (prng) => {
      const index = prng.below(leaves.length);
      const { count, siblings } = merkleProof(standardSuite, leaves, index);
      const hashes = [leaves[index] as HashHex, ...siblings].map(fromHex);
      return Uint8Array.from([0, 0, 0, index, 0, 0, 0, count, ...hashes.flatMap((bytes) => [...bytes])]);
    },
    decode: (input) => {
      const { leaf, proof } = read(input);
      return verifyMerkleProof(standardSuite, 'hansa/fuzz/v1', { root, leaf, proof }) ? { leaf, proof } : undefined;
    },
    check: ({ leaf, proof }) =>
      leaves[proof.index] === leaf && proof.count === leaves.length ? undefined : 'something is proven that is not so',
  });
}

type StateClaim = { readonly key: string; readonly value: string | null; readonly proof: StateProof };

/** JSON, as `hansa_getStateProof` answers and `hansa verify` reads it. */
function stateProofTarget(): FuzzTarget {
  const key = accountKey('11'.repeat(20) as never);
  const value = Uint8Array.of(7, 7);
  const keyHash = standardSuite.digest(fromHex(key));
  const root = hashToHex(stateLeafDigest(standardSuite, keyHash, standardSuite.digest(value)));
  const leaf = { keyHash: hashToHex(keyHash), valueHash: hashToHex(standardSuite.digest(value)) };
  return createTarget({
    name: 'state-proof',
    about: 'proof of an entry of the state, or of its absence',
    // JSON.parse alone may take longer with 64 KiB of brackets.
    budget: { timeMs: 20 },
    generate: (prng) => {
      const isOwn = prng.chance(0.5);
      const claim: StateClaim = {
        key: isOwn ? key : accountKey(values.address(prng)),
        value: isOwn ? bytesToHex(value) : null,
        proof: { siblings: [], leaf },
      };
      return encodeUtf8(JSON.stringify(claim));
    },
    decode: (input) => {
      const claim = jsonOf(input) as StateClaim | null | undefined;
      if (!hasStateProofForm(claim)) return undefined;
      const bytes = claim.value === null ? undefined : fromHex(claim.value);
      const proof = { siblings: claim.proof.siblings, leaf: claim.proof.leaf ?? undefined };
      const isProven = verifyStateProof(standardSuite, { root, key: claim.key as StateKey, value: bytes, proof });
      return isProven ? claim : undefined;
    },
    check: (claim) =>
      (claim.key === key) === (claim.value === bytesToHex(value)) ? undefined : 'something is proven that is not so',
  });
}

/** The types alone: what the values are is for the verifier to judge. */
function hasStateProofForm(claim: StateClaim | null | undefined): claim is StateClaim {
  if (typeof claim !== 'object' || claim === null || typeof claim.key !== 'string') return false;
  if (claim.value !== null && !(typeof claim.value === 'string' && /^(?:[0-9a-f]{2})*$/.test(claim.value)))
    return false;
  const { siblings, leaf } = claim.proof ?? {};
  if (!Array.isArray(siblings) || !siblings.every((sibling) => typeof sibling === 'string')) return false;
  if (leaf === undefined || leaf === null) return true;
  return typeof leaf === 'object' && typeof leaf.keyHash === 'string' && typeof leaf.valueHash === 'string';
}

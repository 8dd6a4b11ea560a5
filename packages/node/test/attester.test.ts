/** What the node of a validator says on chain by itself: of candidates that it sees, and of itself when it counts as absent. */
import { initCrypto, standardSuite as suite } from '@hansa/crypto';
import { accountOfNode, buildGenesisBlock, decodeAbi } from '@hansa/executor';
import type { StateSnapshot } from '@hansa/ledger';
import {
  attestationsKey,
  CONSENSUS_ADDRESS,
  encodeAttestations,
  encodeTermState,
  readRegistry,
  readTermState,
  registryChanges,
  TERM_KEY,
  withNode,
} from '@hansa/membership';
import type { PeerInfo } from '@hansa/network';
import {
  type AddressHex,
  compareText,
  type HashHex,
  type Height,
  type NodeId,
  ok,
  type Term,
  ZERO_HASH,
} from '@hansa/primitives';
import {
  certificateDigest,
  DEFAULT_CHAIN_PARAMETERS,
  decodeTransaction,
  type Genesis,
  recoverSender,
  type StateKey,
} from '@hansa/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Attester, createAttester } from '../src/attester.ts';
import { createNodeAccount } from '../src/node-account.ts';
import { createLocalKey } from '../src/node-key.ts';

await initCrypto();
const keys = [1, 2, 3, 4, 5].map((n) => new Uint8Array(32).fill(n));
const ids = keys.map((key) => suite.nodeIdOf(key)).sort(compareText);
const keyOf = (id: NodeId): Uint8Array => keys.find((key) => suite.nodeIdOf(key) === id) as Uint8Array;
const [self, candidate] = [ids[0] as NodeId, ids[4] as NodeId];

const genesis: Genesis = {
  formatVersion: 2,
  chainId: 20_200,
  groupId: 'group0',
  suite: 'standard',
  stateTree: 'radix-v1',
  evmFork: 'prague',
  timestamp: 0,
  parameters: DEFAULT_CHAIN_PARAMETERS,
  committee: { participationRate: 66, winRate: 66 },
  organisations: [
    { id: 'a', name: 'A', contact: '', admins: ['1'.repeat(40) as AddressHex], threshold: 1, governorWeight: 1 },
  ],
  nodes: ids.map((nodeId, i) => ({
    nodeId,
    organisationId: 'a',
    role: i < 4 ? ('validator' as const) : ('observer' as const),
    weight: i < 4 ? 1 : 0,
    addresses: [],
  })),
  accounts: [],
};

/** A node at a height, with a clock that is turned by hand. */
class World {
  readonly built = buildGenesisBlock(genesis, suite, () => ZERO_HASH);
  readonly entries: Map<StateKey, Uint8Array> = new Map(
    this.built.changes.map(({ key, value }) => [key, value as Uint8Array]),
  );
  readonly sent: Uint8Array[] = [];
  height = 20;
  nonce = 0n;
  nowMs = 0;
  isVoting = true;
  registryRoot = 'aa'.repeat(32);
  peer: Partial<PeerInfo> | undefined = {
    nodeId: candidate,
    state: 'connected',
    height: 20 as Height,
    headHash: hashAt(20),
    roundTripMs: 1,
  };
  look: () => void = () => undefined;
  readonly attester: Attester;

  constructor() {
    const headView = {
      head: () => ({
        height: this.height as Height,
        blockHash: hashAt(this.height),
        proposalDigest: ZERO_HASH,
        timestamp: 0,
        term: this.built.termInfo,
      }),
      headHash: () => hashAt(this.height),
      account: (address: AddressHex) => {
        expect(address).toBe(accountOfNode(self));
        return { nonce: this.nonce, balance: 0n, hasCode: false };
      },
    };
    const clock = {
      every: (_: number, run: () => void) => {
        this.look = run;
        return () => undefined;
      },
      monotonicMs: () => this.nowMs,
    };
    const logger = { info: () => undefined, warn: () => undefined };
    const key = createLocalKey(suite, keyOf(self), this.built.hash);
    const account = createNodeAccount({
      nodeId: self,
      key,
      chainId: genesis.chainId,
      headView,
      submit: (raw) => {
        this.sent.push(raw);
        return Promise.resolve(ok(ZERO_HASH));
      },
      clock,
      logger,
    });
    this.attester = createAttester({
      nodeId: self,
      votes: key.votes,
      network: { peers: () => (this.peer === undefined ? [] : [this.peer as PeerInfo]) },
      headView,
      reader: {
        snapshot: () =>
          ({
            header: { ...this.built.block.header, registryRoot: this.registryRoot as HashHex },
            get: (key: StateKey) => this.entries.get(key),
            close: () => Promise.resolve(),
          }) as StateSnapshot,
        hashAt: (height) => (height <= this.height ? hashAt(height) : undefined),
      },
      isVoting: () => this.isVoting,
      account,
      clock,
      logger,
    });
    this.attester.start();
  }

  see(peer: Partial<PeerInfo> | undefined): void {
    this.peer = peer;
  }

  setRole(role: 'candidate' | 'observer'): void {
    const before = readRegistry(this);
    const node = before.nodes.find(({ nodeId }) => nodeId === candidate) as (typeof before.nodes)[number];
    const after = withNode(before, { ...node, role, weight: role === 'candidate' ? 1 : 0 });
    for (const { key, value } of registryChanges(before, after)) this.entries.set(key, value as Uint8Array);
    this.registryRoot = role === 'candidate' ? 'bb'.repeat(32) : 'cc'.repeat(32);
  }

  get(key: StateKey): Uint8Array | undefined {
    return this.entries.get(key);
  }

  /** Time passes, and the node looks as often as it does. */
  pass(milliseconds: number): void {
    for (let passed = 0; passed < milliseconds; passed += 500) {
      this.nowMs += 500;
      this.look();
    }
  }
}

const hashAt = (height: number): HashHex => height.toString(16).padStart(64, '0') as HashHex;

let world: World;
beforeEach(() => {
  world = new World();
});

describe('GOV-41: attestations of a node', () => {
  it('GOV-41: after it has seen a candidate for three seconds, in a transaction of its own key', () => {
    world.setRole('candidate');
    world.pass(3_000);
    expect(world.sent).toHaveLength(0);
    world.pass(500);
    expect(world.sent).toHaveLength(1);
    const decoded = decodeTransaction(world.sent[0] as Uint8Array);
    const signed = decoded.ok ? recoverSender(decoded.value) : decoded;
    if (!signed.ok) throw new Error(signed.error.message);
    expect(signed.value).toMatchObject({
      sender: accountOfNode(self),
      to: CONSENSUS_ADDRESS,
      nonce: 0n,
      maxFeePerGas: 0n,
    });
    expect(decodeAbi(['string', 'uint256', 'bytes32'], signed.value.data.subarray(4))).toEqual([
      candidate,
      20n,
      hashAt(20),
    ]);
    // One at a time, and again when it does not come through.
    world.pass(9_000);
    expect(world.sent).toHaveLength(1);
    world.pass(1_500);
    expect(world.sent).toHaveLength(2);
  });

  it.each<[string, (of: World) => void]>([
    ['is no candidate', (of) => of.setRole('observer')],
    ['is not there', (of) => of.see(undefined)],
    ['is not connected', (of) => of.see({ ...of.peer, state: 'dialing' })],
    ['answers no heartbeat', (of) => of.see({ ...of.peer, roundTripMs: undefined })],
    ['says no height', (of) => of.see({ ...of.peer, height: undefined })],
    ['is behind', (of) => of.see({ ...of.peer, height: 11 as Height, headHash: hashAt(11) })],
    ['is on another chain', (of) => of.see({ ...of.peer, headHash: hashAt(99) })],
    ['is ahead of this node', (of) => of.see({ ...of.peer, height: 21 as Height, headHash: hashAt(21) })],
  ])('GOV-41: none of a node that %s', (_name, change) => {
    world.setRole('candidate');
    change(world);
    world.pass(10_000);
    expect(world.sent).toHaveLength(0);
  });

  it('GOV-41: a break begins the three seconds anew', () => {
    world.setRole('candidate');
    world.pass(2_500);
    const { peer } = world;
    world.peer = { ...peer, state: 'waiting' };
    world.pass(500);
    world.peer = peer;
    world.pass(3_000);
    expect(world.sent).toHaveLength(0);
    world.pass(500);
    expect(world.sent).toHaveLength(1);
  });

  it('GOV-41: none while it does not vote, or when its word is on the chain already and not old', () => {
    world.setRole('candidate');
    world.isVoting = false;
    world.pass(10_000);
    expect(world.sent).toHaveLength(0);
    world.isVoting = true;
    const said = (height: number): void => {
      world.entries.set(attestationsKey(candidate), encodeAttestations([{ nodeId: self, height: height as Height }]));
    };
    said(19);
    world.pass(10_000);
    expect(world.sent).toHaveLength(0);
    world.height = 119;
    world.peer = { ...world.peer, height: 119 as Height, headHash: hashAt(119) };
    world.pass(10_000);
    expect(world.sent).toHaveLength(1);
  });
});

describe('GOV-52: presence', () => {
  it('GOV-52: a validator that counts as absent signs the head once a term', () => {
    world.pass(5_000);
    expect(world.sent).toHaveLength(0);
    const term = readTermState(world);
    world.entries.set(TERM_KEY, encodeTermState({ ...term, absent: [{ nodeId: self, since: 0 as Term }] }));
    world.height = 21;
    world.pass(500);
    const decoded = decodeTransaction(world.sent[0] as Uint8Array);
    if (!decoded.ok) throw new Error(decoded.error.message);
    const [nodeId, height, signature] = decodeAbi(['string', 'uint256', 'bytes'], decoded.value.data.subarray(4)) ?? [];
    expect([nodeId, height]).toEqual([self, 21n]);
    const digest = certificateDigest(suite, {
      genesisHash: world.built.hash,
      term: 0 as Term,
      height: 21 as Height,
      blockHash: hashAt(21),
    });
    expect(suite.verify(digest, signature as Uint8Array, self)).toBe(true);
    world.attester.stop();
  });
});

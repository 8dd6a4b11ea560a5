/** New keys of nodes and organisations on a chain: docs/spec/succession.md. */
import { ethereumCrypto } from '@hansa/crypto';
import {
  MEMBERSHIP_CODES as CODES,
  CONSENSUS_ADDRESS,
  findNode,
  findOrganisation,
  readHistoryCount,
  readHistoryEntry,
  readRegistry,
  readSuccessions,
  readSuccessor,
  SUCCESSION_ADDRESS,
} from '@hansa/membership';
import {
  type AddressHex,
  compareText,
  concatBytes,
  fromHex,
  type HashHex,
  type Height,
  type NodeId,
  type Term,
  type ValidatorIndex,
  type View,
} from '@hansa/primitives';
import {
  adminsDigest,
  encodePbftMessage,
  type PbftMessage,
  pbftSigningDigest,
  successionDigest,
} from '@hansa/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { argumentTypes, callMessage, decodeAbi, encodeCall } from '../src/index.ts';
import { keyOf, nodeIds, suite, TestChain, Wallet } from './kit/chain.ts';
import {
  addObserver,
  addSealer,
  attestAll,
  codeOf,
  govern,
  onNodes,
  onParameters,
  remove,
  sendTo,
  setValue,
} from './kit/governance.ts';

const SUCCEED = 'succeed(string,string,bytes,bytes)';
const STRANGER = 3;
const oldId = nodeIds[0] as NodeId;
const newId = nodeIds[4] as NodeId;
const keyOfNode = (nodeId: NodeId): Uint8Array =>
  [0, 1, 2, 3, 4].map((n) => keyOf(100 + n)).find((key) => suite.nodeIdOf(key) === nodeId) as Uint8Array;
const NOTHING = new Uint8Array(0);

let chain: TestChain;
beforeEach(async () => {
  chain = new TestChain({ parameters: { leaderPeriod: 2_000, window: 2 } });
  await govern(chain, [onNodes(addObserver(newId))]);
});

const genesisHash = (): HashHex => chain.hashes[0] as HashHex;
const nodeOf = (nodeId: NodeId): ReturnType<typeof findNode> => findNode(readRegistry(chain.state), nodeId);
const digestNow = (over: { genesisHash?: HashHex } = {}): HashHex =>
  successionDigest(suite, {
    genesisHash: genesisHash(),
    oldNodeId: oldId,
    newNodeId: newId,
    since: nodeOf(oldId)?.since ?? (0 as Height),
    ...over,
  });
const byNode = (digest = digestNow(), key = keyOfNode(oldId)): Uint8Array => suite.sign(digest, key);
const byAccounts = (digest: HashHex, ...wallets: readonly Wallet[]): Uint8Array =>
  concatBytes(
    ...wallets.map(({ key }) => {
      const { signature, recovery } = ethereumCrypto.signDigest(fromHex(digest), key);
      return concatBytes(signature, Uint8Array.of(recovery));
    }),
  );

async function send(signature: string, values: Parameters<typeof encodeCall>[2], wallet = STRANGER): Promise<unknown> {
  const data = encodeCall(signature, argumentTypes(signature), values);
  return codeOf((await sendTo(chain, wallet, [SUCCESSION_ADDRESS, data])).output);
}
const succeed = (node: Uint8Array, admins: Uint8Array = NOTHING, ids: readonly string[] = [oldId, newId]) =>
  send(SUCCEED, [...ids, node, admins]);
const cause = (): string | undefined => readHistoryEntry(chain.state, readHistoryCount(chain.state) - 1)?.cause;

describe('SUC-2 to SUC-5: a validator’s key', () => {
  it('SUC-4, SUC-5: attested by a quorum the new key takes over; the old one votes until the term ends', async () => {
    expect(await succeed(byNode())).toBe(0n);
    expect(nodeOf(newId)).toMatchObject({ role: 'candidate', weight: 1, reason: `to succeed ${oldId}` });
    expect(readSuccessions(chain.state)).toEqual([
      { newNodeId: newId, oldNodeId: oldId, deadline: chain.header.height + 1_000 },
    ]);
    expect(cause()).toBe(`key of ${oldId}`);
    await attestAll(chain, newId, [0, 1]);
    expect(nodeOf(newId)?.role).toBe('candidate');
    await attestAll(chain, newId, [2]);
    expect(nodeOf(oldId)).toBeUndefined();
    expect(nodeOf(newId)).toMatchObject({
      role: 'validator',
      weight: 1,
      organisationId: 'alpha',
      reason: `succeeds ${oldId}`,
    });
    expect(readSuccessions(chain.state)).toEqual([]);
    expect(readSuccessor(chain.state, oldId)).toEqual({ newNodeId: newId, height: chain.header.height });
    const idsInForce = (): readonly string[] => chain.info.validators.map(({ nodeId }) => nodeId);
    const term = chain.info.term;
    while (chain.info.term === term) {
      expect(idsInForce()).toContain(oldId);
      expect(idsInForce()).not.toContain(newId);
      await chain.block([]);
    }
    expect(idsInForce()).toContain(newId);
    expect(idsInForce()).not.toContain(oldId);
    expect(idsInForce()).toHaveLength(4);
  });

  it('SUC-1: signed by the admins of the organisation when the old key is lost', async () => {
    expect(await succeed(NOTHING, byAccounts(digestNow(), chain.wallet(1)))).toBe(BigInt(CODES.successionUnsigned));
    expect(await succeed(NOTHING, byAccounts(digestNow(), chain.wallet(0)))).toBe(0n);
    expect(nodeOf(newId)?.role).toBe('candidate');
  });

  it('SUC-1: by nobody, by another key, or for another chain: nothing changes', async () => {
    const codes = [
      await succeed(NOTHING),
      await succeed(new Uint8Array(64)),
      await succeed(byNode(digestNow(), keyOf(5))),
      await succeed(byNode(digestNow({ genesisHash: 'ee'.repeat(32) as HashHex }))),
      await succeed(NOTHING, new Uint8Array(65)),
    ];
    expect(codes).toEqual(codes.map(() => BigInt(CODES.successionUnsigned)));
    expect(nodeOf(newId)?.role).toBe('observer');
  });

  it('SUC-1: a certificate is worthless after the next change of the old node', async () => {
    const signature = byNode();
    await govern(chain, [onNodes(encodeCall('setWeight(string,uint256)', ['string', 'uint256'], [oldId, 2n]))], {
      acceptRisk: true,
    });
    expect(await succeed(signature)).toBe(BigInt(CODES.successionUnsigned));
    expect(await succeed(byNode())).toBe(0n);
    expect(nodeOf(newId)?.weight).toBe(2);
  });

  it('SUC-2: node ids in capitals are the same; what has no place or no room is refused', async () => {
    expect(await succeed(byNode(), NOTHING, [oldId, nodeIds[1] as string])).toBe(BigInt(CODES.notASuccessor));
    expect(await succeed(byNode(), NOTHING, ['ab', newId])).toBe(BigInt(CODES.nodeNotExist));
    expect(await succeed(byNode(), NOTHING, [oldId.toUpperCase(), newId.toUpperCase()])).toBe(0n);
    expect(await succeed(byNode())).toBe(BigInt(CODES.notASuccessor));
  });

  it('MEM-13: who waits is left alone by the committee', async () => {
    await succeed(byNode());
    for (const change of [remove(newId), addSealer(newId, 1n)])
      expect((await govern(chain, [onNodes(change)])).status).toBe(0);
  });

  it('SUC-5: the old one removed meanwhile, there is nothing to take', async () => {
    await succeed(byNode());
    await govern(chain, [onNodes(remove(oldId))], { acceptRisk: true });
    await attestAll(chain, newId, [1, 2, 3]);
    expect(nodeOf(newId)?.role).toBe('observer');
    expect(readSuccessions(chain.state)).toEqual([]);
    expect(readSuccessor(chain.state, oldId)).toBeUndefined();
  });

  it('SUC-3: an observer is followed at once', async () => {
    await govern(chain, [onNodes(addObserver(oldId))], { acceptRisk: true });
    expect(await succeed(byNode())).toBe(0n);
    expect(nodeOf(oldId)).toBeUndefined();
    expect(nodeOf(newId)).toMatchObject({ role: 'observer', reason: `succeeds ${oldId}` });
    expect(readSuccessor(chain.state, oldId)?.newNodeId).toBe(newId);
  });
});

describe('SUC-6: what does not come about', () => {
  it('SUC-6: not attested in 1,000 heights', async () => {
    await succeed(byNode());
    const { height } = chain.header;
    while (chain.header.height < height + 999) await chain.block([]);
    expect(nodeOf(newId)?.role).toBe('candidate');
    await chain.block([]);
    expect(nodeOf(newId)).toMatchObject({ role: 'observer', reason: `to succeed ${oldId}: not attested in time` });
    expect(readSuccessions(chain.state)).toEqual([]);
    expect(cause()).toBe('not attested in time');
  });

  it('SUC-6: an admin of the organisation abandons it, and begins again', async () => {
    expect(await send('abandon(string)', [newId], 0)).toBe(BigInt(CODES.noSuccession));
    await succeed(byNode());
    expect(await send('abandon(string)', [newId], 1)).toBe(BigInt(CODES.noPermission));
    expect(await send('abandon(string)', [newId.toUpperCase()], 0)).toBe(0n);
    expect(nodeOf(newId)?.role).toBe('observer');
    expect(await succeed(byNode())).toBe(0n);
  });
});

describe('SUC-7: nobody escapes by a new key', () => {
  const message = (digest: string): Uint8Array => {
    const body = {
      type: 'prepare',
      term: 0 as Term,
      sender: 0 as ValidatorIndex,
      view: 0 as View,
      height: 5 as Height,
      digest: digest.repeat(32) as HashHex,
    } as const;
    const signature = suite.sign(pbftSigningDigest(suite, genesisHash(), body), keyOfNode(oldId));
    return encodePbftMessage({ ...body, signature } as PbftMessage);
  };

  it('SUC-7: a proof against the old key suspends the node that has the place now', async () => {
    await succeed(byNode());
    await attestAll(chain, newId, [0, 1, 2]);
    const values = [oldId, message('aa'), message('bb')] as const;
    const signature = 'suspendForMisbehaviour(string,bytes,bytes)';
    const data = encodeCall(signature, argumentTypes(signature), values);
    expect(codeOf((await sendTo(chain, STRANGER, [CONSENSUS_ADDRESS, data])).output)).toBe(0n);
    expect(nodeOf(newId)?.role).toBe('suspended');
    expect(codeOf((await sendTo(chain, STRANGER, [CONSENSUS_ADDRESS, data])).output)).toBe(
      BigInt(CODES.alreadySuspended),
    );
  });
});

describe('SUC-10: admin accounts', () => {
  const SET_ADMINS = 'setAdmins(string,address[],uint32,bytes)';
  const [present, second, third] = [new Wallet(0), new Wallet(60), new Wallet(61)];
  const admins = [second, third].map(({ address }) => address).sort(compareText);
  const set = (
    signers: readonly Wallet[],
    over: { organisation?: string; admins?: readonly AddressHex[]; threshold?: number; changeCount?: number } = {},
  ): Promise<unknown> => {
    const organisationId = over.organisation ?? 'alpha';
    const change = { admins: over.admins ?? admins, threshold: over.threshold ?? 2 };
    const digest = adminsDigest(suite, {
      genesisHash: genesisHash(),
      organisationId,
      changeCount: over.changeCount ?? 0,
      ...change,
    });
    const signatures = byAccounts(digest, ...signers);
    return send(SET_ADMINS, [organisationId, change.admins, BigInt(change.threshold), signatures]);
  };
  async function changes(): Promise<unknown> {
    const outcome = await callMessage({
      suite,
      environment: chain.environment(),
      state: chain.state,
      request: {
        to: SUCCESSION_ADDRESS,
        data: encodeCall('getAdminChanges(string)', ['string'], ['alpha']),
      },
      gasCap: 10_000_000n,
    });
    return outcome.type === 'success' ? decodeAbi(['uint256'], outcome.output) : outcome;
  }

  it('SUC-10, SUC-11: old and new ones sign; then only the new ones act', async () => {
    expect(await set([present, second])).toBe(BigInt(CODES.successionUnsigned));
    expect(await changes()).toEqual([0n]);
    expect(await set([present, second, third])).toBe(0n);
    expect(await changes()).toEqual([1n]);
    expect(findOrganisation(readRegistry(chain.state), 'alpha')).toMatchObject({ admins, threshold: 2, name: 'alpha' });
    expect(cause()).toBe('admins of alpha');
    const parameter = onParameters(setValue('tx_count_limit', '500'));
    expect((await govern(chain, [parameter])).status).toBe(0);
    // What was signed for the first change is no second one.
    expect(await set([present, second, third])).toBe(BigInt(CODES.successionUnsigned));
    expect(await set([second, third, present], { admins: [present.address], threshold: 1, changeCount: 1 })).toBe(0n);
    expect((await govern(chain, [parameter])).status).toBe(1);
  });

  it('SUC-10: the rules of an organisation hold', async () => {
    const beta = chain.wallet(1);
    expect(await set([present], { organisation: 'nobody' })).toBe(BigInt(CODES.organisationNotExist));
    expect(await set([present, beta], { admins: [beta.address], threshold: 1 })).toBe(
      BigInt(CODES.invalidOrganisation),
    );
    expect(await set([present], { admins: [], threshold: 0 })).toBe(BigInt(CODES.invalidOrganisation));
    const twice = [second.address, second.address];
    expect(await set([present, second], { admins: twice, threshold: 1 })).toBe(BigInt(CODES.invalidOrganisation));
    const many = Array.from({ length: 33 }, () => second.address);
    expect(await set([present, second], { admins: many, threshold: 1 })).toBe(BigInt(CODES.invalidOrganisation));
    expect(await changes()).toEqual([0n]);
  });
});

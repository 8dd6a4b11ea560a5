/** Invites on a chain: docs/spec/joining.md. */
import { ethereumCrypto } from '@hansa/crypto';
import {
  MEMBERSHIP_CODES as CODES,
  findNode,
  INVITES_ADDRESS,
  readHistoryCount,
  readHistoryEntry,
  readRegistry,
} from '@hansa/membership';
import { concatBytes, fromHex, type HashHex, type NodeId } from '@hansa/primitives';
import { encodeInvite, type Invite, inviteId, joinDigest, type Receipt } from '@hansa/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { argumentTypes, callMessage, decodeAbi, encodeCall } from '../src/index.ts';
import { keyOf, nodeIds, suite, TestChain, type Wallet } from './kit/chain.ts';
import { codeOf, nodeWallet, sendTo } from './kit/governance.ts';

const JOIN = 'join(bytes,bytes,string,string[],bytes,bytes)';
const SECRET = keyOf(900);
const NODE_KEY = keyOf(901);
const NODE_ID = suite.nodeIdOf(NODE_KEY);
const STRANGER = 3;

let chain: TestChain;
beforeEach(async () => {
  chain = new TestChain({ governors: [1, 1] });
  await chain.block([]);
});

const inviteOf = (over: Partial<Invite> = {}): Invite => ({
  chainId: chain.genesis.chainId,
  groupId: 'group0',
  genesisHash: chain.hashes[0] as HashHex,
  organisationId: 'beta',
  inviterId: 'alpha',
  ticket: suite.nodeIdOf(SECRET),
  expiresAt: Math.floor(chain.header.timestamp / 1_000) + 3_600,
  entries: [{ nodeId: nodeIds[0] as NodeId, address: '/ip4/127.0.0.1/tcp/30300' }],
  ...over,
});

/** The signature of an admin account, as `hansa invite` makes it. */
function signatureOf(content: Uint8Array, wallet: Wallet): Uint8Array {
  const { signature, recovery } = ethereumCrypto.signDigest(fromHex(inviteId(suite, content)), wallet.key);
  return concatBytes(signature, Uint8Array.of(recovery));
}

type JoinOptions = {
  readonly signers?: readonly Wallet[];
  readonly secret?: Uint8Array;
  readonly nodeKey?: Uint8Array;
  readonly nodeId?: string;
};

function joinData(content: Uint8Array, options: JoinOptions = {}): Uint8Array {
  const { signers = [chain.wallet(0)], secret = SECRET, nodeKey = NODE_KEY, nodeId = NODE_ID } = options;
  const addresses = ['/ip4/127.0.0.1/tcp/30307'];
  const genesisHash = chain.hashes[0] as HashHex;
  const digest = joinDigest(suite, { genesisHash, inviteId: inviteId(suite, content), nodeId: NODE_ID, addresses });
  return encodeCall(JOIN, argumentTypes(JOIN), [
    content,
    concatBytes(...signers.map((wallet) => signatureOf(content, wallet))),
    nodeId,
    addresses,
    suite.sign(digest, secret),
    suite.sign(digest, nodeKey),
  ]);
}

const send = (data: Uint8Array, wallet: number = STRANGER): Promise<Receipt> =>
  sendTo(chain, wallet, [INVITES_ADDRESS, data]);
const join = async (content: Uint8Array, options: JoinOptions = {}): Promise<unknown> =>
  codeOf((await send(joinData(content, options))).output);

async function getInvite(id: HashHex): Promise<unknown> {
  const outcome = await callMessage({
    suite,
    environment: chain.environment(),
    state: chain.state,
    request: { to: INVITES_ADDRESS, data: encodeCall('getInvite(bytes32)', ['bytes32'], [id]) },
    gasCap: 10_000_000n,
  });
  return outcome.type === 'success' ? decodeAbi(['uint8', 'uint256', 'string'], outcome.output) : outcome;
}

describe('JOIN-10: join on a chain', () => {
  it('JOIN-10, JOIN-12, JOIN-14: anybody may bring it, the node is an observer, and the invite is used', async () => {
    const content = encodeInvite(inviteOf());
    const id = inviteId(suite, content);
    expect(await getInvite(id)).toEqual([0n, 0n, '']);
    const receipt = await send(joinData(content));
    expect(codeOf(receipt.output)).toBe(0n);
    expect(receipt.logs).toHaveLength(1);
    const { height } = chain.header;
    expect(findNode(readRegistry(chain.state), NODE_ID)).toMatchObject({
      organisationId: 'beta',
      role: 'observer',
      since: height,
      reason: 'invited by alpha',
      addresses: ['/ip4/127.0.0.1/tcp/30307'],
    });
    expect(readHistoryEntry(chain.state, readHistoryCount(chain.state) - 1)).toMatchObject({
      cause: 'invited by alpha',
      height,
    });
    expect(await getInvite(id)).toEqual([1n, BigInt(height), NODE_ID]);
    expect(await join(content, { nodeId: NODE_ID })).toBe(BigInt(CODES.inviteUsed));
  });

  it('JOIN-10: a node id in capitals is the same node', async () => {
    expect(await join(encodeInvite(inviteOf()), { nodeId: NODE_ID.toUpperCase() })).toBe(0n);
    expect(findNode(readRegistry(chain.state), NODE_ID)?.role).toBe('observer');
  });

  it('JOIN-10: one that is of another chain, expired or no invite changes nothing', async () => {
    const { timestamp } = chain.header;
    const codes = [];
    for (const content of [
      Uint8Array.of(1, 2, 3),
      encodeInvite(inviteOf({ genesisHash: 'ee'.repeat(32) as HashHex })),
      encodeInvite(inviteOf({ expiresAt: Math.floor(timestamp / 1_000) - 1 })),
    ])
      codes.push(await join(content));
    expect(codes).toEqual([CODES.invalidInvite, CODES.invalidInvite, CODES.inviteExpired].map(BigInt));
    expect(readRegistry(chain.state).nodes).toHaveLength(4);
  });

  it('JOIN-2: signatures that are none, of others, or missing', async () => {
    const content = encodeInvite(inviteOf());
    const broken = (signatures: Uint8Array): Uint8Array => {
      const whole = decodeAbi(argumentTypes(JOIN), joinData(content).subarray(4)) as Parameters<typeof encodeCall>[2];
      return encodeCall(JOIN, argumentTypes(JOIN), [content, signatures, ...whole.slice(2)]);
    };
    for (const signatures of [
      new Uint8Array(0),
      new Uint8Array(64),
      new Uint8Array(65),
      signatureOf(content, chain.wallet(STRANGER)),
    ])
      expect(codeOf((await send(broken(signatures))).output)).toBe(BigInt(CODES.inviteUnsigned));
    // Beta governs too, but the invite says that alpha signs.
    expect(await join(content, { signers: [chain.wallet(1)] })).toBe(BigInt(CODES.inviteUnsigned));
  });

  it('JOIN-11: the secret and the node key must have signed for this very node', async () => {
    const content = encodeInvite(inviteOf());
    expect(await join(content, { secret: keyOf(5) })).toBe(BigInt(CODES.inviteProof));
    expect(await join(content, { nodeKey: keyOf(5) })).toBe(BigInt(CODES.inviteProof));
    // Somebody who read the transaction of another puts in a node of his own.
    expect(await join(content, { nodeId: suite.nodeIdOf(keyOf(77)) })).toBe(BigInt(CODES.inviteProof));
    expect(await join(content)).toBe(0n);
  });

  it('JOIN-13: a revoked invite lets nobody in', async () => {
    const content = encodeInvite(inviteOf());
    const revoke = encodeCall('revokeInvite(bytes)', ['bytes'], [content]);
    expect(codeOf((await send(revoke)).output)).toBe(BigInt(CODES.noPermission));
    expect(codeOf((await send(encodeCall('revokeInvite(bytes)', ['bytes'], [Uint8Array.of(1)]), 0)).output)).toBe(
      BigInt(CODES.invalidInvite),
    );
    expect(codeOf((await send(revoke, 1)).output)).toBe(0n);
    expect(await getInvite(inviteId(suite, content))).toEqual([2n, BigInt(chain.header.height), '']);
    expect(await join(content)).toBe(BigInt(CODES.inviteRevoked));
    expect(codeOf((await send(revoke, 0)).output)).toBe(BigInt(CODES.inviteRevoked));
  });

  it('EXE-18, JOIN-23: the node of a validator brings it for nothing', async () => {
    const priced = new TestChain({ parameters: { minimumGasPrice: 7n }, governors: [1, 1] });
    chain = priced;
    await chain.block([]);
    const wallet = nodeWallet(0);
    const data = joinData(encodeInvite(inviteOf()));
    const { receipts } = await chain.block([wallet.sign({ nonce: 0n, to: INVITES_ADDRESS, data })]);
    expect(receipts.map(({ output }) => codeOf(output))).toEqual([0n]);
  });

  it('JOIN-10: what is not a call of these is undefined', async () => {
    const receipt = await sendTo(chain, 0, [INVITES_ADDRESS, encodeCall('_committee()', [], [])]);
    expect(receipt.status).toBe(0);
  });
});

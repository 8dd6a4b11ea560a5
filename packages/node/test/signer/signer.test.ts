/** Node and signer over a real socket and real files: what is signed, for whom, and what happens when one of them goes. */
import { appendFileSync, chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UnsignedPbftMessage } from '@hansa/consensus';
import { initCrypto, standardSuite as suite } from '@hansa/crypto';
import { CONSENSUS_ADDRESS } from '@hansa/membership';
import {
  type AddressHex,
  ChainError,
  type HashHex,
  type Height,
  type Term,
  type ValidatorIndex,
  type View,
} from '@hansa/primitives';
import { decodeTransaction, incarnationSigningDigest, pbftSigningDigest, recoverSender } from '@hansa/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SigningRequest } from '../../src/consensus/ports.ts';
import { encodeAccountTransaction, type NodeKey } from '../../src/node-key.ts';
import { connectRemoteKey } from '../../src/signer/remote-key.ts';
import { createRecord, openRecord, type SignerPaths, signerPaths } from '../../src/signer/signer-directory.ts';
import { LINE_SIZE_MAX } from '../../src/signer/signer-lines.ts';
import { type SignerServer, startSignerServer } from '../../src/signer/signer-server.ts';
import { Signing } from '../../src/signer/signing.ts';

const KEY = new Uint8Array(32).fill(7);
const GENESIS = 'ab'.repeat(32) as HashHex;
const BLOCK = 'cd'.repeat(32) as HashHex;
const FINAL = { height: 0 as Height, proposalDigest: 'ef'.repeat(32) as HashHex };
const hashOf = (n: number): HashHex => n.toString(16).padStart(64, '0') as HashHex;
const quiet = { info: () => undefined, warn: () => undefined };

let root: string;
let paths: SignerPaths;
let server: SignerServer | undefined;
let keys: NodeKey[];

beforeAll(initCrypto);
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'hansa-signer-'));
  paths = signerPaths(root);
  keys = [];
  await createRecord(paths, suite, suite.nodeIdOf(KEY));
});
afterEach(async () => {
  for (const key of keys) key.stop();
  await server?.stop();
  server = undefined;
  rmSync(root, { recursive: true, force: true });
});

async function serve(onFatal: (error: Error) => void = (error) => expect.unreachable(error.message)): Promise<void> {
  server = await startSignerServer({
    socket: paths.socket,
    open: async () => {
      const { store } = await openRecord(paths, suite, suite.nodeIdOf(KEY));
      return new Signing({ suite, key: KEY, store, onRefused: () => undefined });
    },
    logger: quiet,
    onFatal,
  });
}
async function node(instance = 'a', genesisHash = GENESIS): Promise<NodeKey> {
  const key = await connectRemoteKey(
    { socket: paths.socket, genesisHash, instance: instance.repeat(32), startMsMax: 1_000 },
    { logger: quiet, monotonicMs: () => performance.now() },
  );
  keys.push(key);
  return key;
}
const base = { term: 1 as Term, sender: 0 as ValidatorIndex };
const result = (height: number, blockHash = BLOCK): UnsignedPbftMessage => ({
  type: 'result',
  ...base,
  height: height as Height,
  blockHash,
});
const prepare = (digest: HashHex): UnsignedPbftMessage => ({
  type: 'prepare',
  ...base,
  view: 0 as View,
  height: 1 as Height,
  digest,
});
function sign(key: NodeKey, ...votes: UnsignedPbftMessage[]): Promise<readonly (Uint8Array | undefined)[]> {
  const request: SigningRequest = {
    final: FINAL,
    votes: votes.map((vote) => ({ vote, parent: vote.type === 'prepare' ? FINAL.proposalDigest : undefined })),
  };
  return new Promise((resolve) => key.votes.signVotes(request, resolve));
}
const isGood = (vote: UnsignedPbftMessage, signature: Uint8Array | undefined): boolean =>
  signature !== undefined &&
  suite.verify(
    pbftSigningDigest(suite, GENESIS, vote as Parameters<typeof pbftSigningDigest>[2]),
    signature,
    suite.nodeIdOf(KEY),
  );
const codeOf = async (running: Promise<unknown>): Promise<string> => {
  try {
    await running;
  } catch (error) {
    if (error instanceof ChainError) return error.code;
    throw error;
  }
  return 'no failure';
};
const until = async (what: () => boolean): Promise<void> => {
  while (!what()) await new Promise((resolve) => setImmediate(resolve));
};

describe('SGN-1: what is signed', () => {
  it('each kind of message, as the chain wants it', async () => {
    await serve();
    const key = await node();
    expect(key.nodeId).toBe(suite.nodeIdOf(KEY));
    const at = { ...base, view: 0 as View, height: 1 as Height };
    const proposal = {
      ...{ chainId: 1, groupId: 'g', term: base.term, height: at.height, view: at.view, parentDigest: hashOf(1) },
      ...{ timestamp: 1, proposer: base.sender, transactionHashes: [hashOf(2)] },
    };
    const claim = { view: 0 as View, height: 1 as Height, digest: hashOf(5) };
    const votes: UnsignedPbftMessage[] = [
      { type: 'proposal', ...base, view: at.view, proposal, digest: hashOf(0) },
      prepare(hashOf(5)),
      { type: 'commit', ...at, digest: hashOf(5) },
      result(1),
      { type: 'suspect', ...base, view: at.view, decidedHeight: at.height },
      { type: 'view-change', ...base, view: 1 as View, claim, certificate: undefined },
      {
        type: 'new-view',
        ...base,
        view: 1 as View,
        claims: [{ ...base, view: 1 as View, claim, signature: new Uint8Array(64).fill(1) }],
        certificate: undefined,
      },
      {
        type: 'status',
        ...base,
        ...{ view: at.view, changing: false, stableHeight: at.height, decidedHeight: at.height },
        ...{ preparedHeight: at.height, incarnation: 1, instance: 'ab'.repeat(16) },
      },
    ];
    const signatures = await sign(key, ...votes);
    expect(votes.map((vote, index) => [vote.type, isGood(vote, signatures[index])])).toEqual(
      votes.map(({ type }) => [type, true]),
    );
    expect(key.counters()).toMatchObject({ signed: 8, refused: 0, lost: 0 });
  });

  it('incarnation statements, and the proof of identity', async () => {
    await serve();
    const key = await node();
    const statement = { type: 'incarnation', nodeId: key.nodeId, incarnation: 3, instance: 'ab'.repeat(16) } as const;
    const signature = await new Promise<Uint8Array | undefined>((resolve) =>
      key.votes.signIncarnation(statement, resolve),
    );
    expect(suite.verify(incarnationSigningDigest(suite, GENESIS, statement), signature as Uint8Array, key.nodeId)).toBe(
      true,
    );
    if (key.identity instanceof Uint8Array) throw new Error('a key that is elsewhere was expected');
    expect((await key.identity.signStaticKey(new Uint8Array(32).fill(3))).length).toBe(64);
    await expect(key.identity.signStaticKey(new Uint8Array(31))).rejects.toThrow();
  });

  it("transactions of the node's account to its contracts, with the bytes that the key itself would make", async () => {
    await serve();
    const key = await node();
    const transaction = { chainId: 5, nonce: 2n, gasLimit: 90_000n, to: CONSENSUS_ADDRESS, data: Uint8Array.of(1, 2) };
    const ask = (to: AddressHex): Promise<Uint8Array | undefined> =>
      new Promise((resolve) => key.signTransaction({ ...transaction, to }, resolve));
    const raw = (await ask(CONSENSUS_ADDRESS)) as Uint8Array;
    expect(raw).toEqual(encodeAccountTransaction(transaction, KEY));
    const decoded = decodeTransaction(raw);
    expect(decoded.ok && recoverSender(decoded.value)).toBeTruthy();
    expect(await ask('11'.repeat(20) as AddressHex)).toBeUndefined();
  });
});

describe('SGN-2: place', () => {
  it('the socket is for its owner, and so must the folder be', async () => {
    await serve();
    expect(statSync(paths.socket).mode & 0o777).toBe(0o600);
    await server?.stop();
    chmodSync(root, 0o750);
    expect(await codeOf(serve())).toBe('SIGNER_PLACE_UNSAFE');
    chmodSync(root, 0o700);
  });

  it('a second signer of the folder is refused, the socket of a dead one is replaced', async () => {
    await serve();
    const first = server;
    expect(await codeOf(serve())).toBe('SIGNER_SOCKET_BUSY');
    server = first;
    expect((await node()).nodeId).toBe(suite.nodeIdOf(KEY));
  });
});

describe('SGN-3: lines', () => {
  const closes = (send: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(paths.socket, () => socket.write(send));
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(text));
    });
  it.each([
    ['no JSON', 'hello\n'],
    ['an unknown request', '{"id":1,"type":"sign","digest":"00"}\n'],
    ['a request before hello', `{"id":1,"type":"identity","staticKey":"${'00'.repeat(32)}"}\n`],
    ['a line without an end', 'x'.repeat(LINE_SIZE_MAX + 65_536)],
  ])('%s ends the connection without an answer, and the signer serves on', async (_name, text) => {
    await serve();
    expect(await closes(text)).toBe('');
    expect((await node()).trouble()).toBeUndefined();
  });

  it('another version is told so', async () => {
    await serve();
    const hello = { id: 1, type: 'hello', version: 2, genesisHash: GENESIS, instance: 'aa'.repeat(16) };
    expect(await closes(`${JSON.stringify(hello)}\n`)).toContain('SIGNER_VERSION');
  });

  it('more votes than one request may hold are asked in parts', async () => {
    await serve();
    const votes = Array.from({ length: 600 }, (_, index) => result(index + 1));
    const signatures = await sign(await node(), ...votes);
    expect(signatures.length).toBe(600);
    expect(isGood(votes[599] as UnsignedPbftMessage, signatures[599])).toBe(true);
  });
});

describe('large votes', () => {
  it('SGN-3: a window of the largest PROPOSALs is asked in lines that fit', async () => {
    await serve();
    const transactionHashes = Array.from({ length: 10_000 }, (_, index) => hashOf(index + 1));
    const proposals = Array.from({ length: 8 }, (_, index): UnsignedPbftMessage => {
      const at = { term: base.term, height: (index + 1) as Height, view: 0 as View, parentDigest: hashOf(index) };
      const proposal = { chainId: 1, groupId: 'g', ...at, timestamp: 1, proposer: base.sender, transactionHashes };
      return { type: 'proposal', ...base, view: 0 as View, proposal, digest: hashOf(0) };
    });
    const signatures = await sign(await node(), ...proposals);
    expect(proposals.map((vote, index) => isGood(vote, signatures[index]))).toEqual(proposals.map(() => true));
  });
});

describe('SGN-4: hello', () => {
  it('one node at a time: the second is refused, and served when the first is gone', async () => {
    await serve();
    const first = await node('a');
    expect(await codeOf(node('b'))).toBe('SIGNER_BUSY');
    expect(first.trouble()).toBeUndefined();
    const third = node('c');
    first.stop();
    expect((await third).trouble()).toBeUndefined();
  });

  it('one chain for ever', async () => {
    await serve();
    (await node()).stop();
    await server?.stop();
    await serve();
    expect(await codeOf(node('a', hashOf(1)))).toBe('SIGNER_OTHER_CHAIN');
  });
});

describe('SGN-5, SGN-6: two nodes never get two contents', () => {
  it('one after the other, and across a restart of the signer', async () => {
    await serve();
    const first = await node('a');
    expect(await sign(first, prepare(hashOf(1)))).toEqual([expect.any(Uint8Array)]);
    first.stop();
    const second = await node('b');
    expect(await sign(second, prepare(hashOf(2)))).toEqual([undefined]);
    expect(second.trouble()?.code).toBe('SIGNER_CONFLICT');
    second.stop();
    await server?.stop();
    await serve();
    const third = await node('c');
    const [same, other] = await sign(third, prepare(hashOf(1)), prepare(hashOf(2)));
    expect([isGood(prepare(hashOf(1)), same), other]).toEqual([true, undefined]);
  });

  it('a record that is gone or damaged stops the signer, one copy of it is healed', async () => {
    await serve();
    await sign(await node(), prepare(hashOf(1)));
    await server?.stop();
    rmSync(join(paths.signed, 'a.votes'));
    await serve();
    const key = await node('b');
    expect(await sign(key, prepare(hashOf(2)))).toEqual([undefined]);
    await server?.stop();
    expect(readFileSync(join(paths.signed, 'a.votes')).length).toBeGreaterThan(50);
    for (const name of ['a.votes', 'b.votes']) rmSync(join(paths.signed, name));
    expect(await codeOf(serve())).toBe('SIGNER_RECORD_LOST');
  });

  it('a torn end of both copies is what was never acknowledged', async () => {
    await serve();
    await sign(await node(), prepare(hashOf(1)));
    await server?.stop();
    for (const name of ['a.votes', 'b.votes']) appendFileSync(join(paths.signed, name), Uint8Array.of(0x9e, 0x48, 1));
    await serve();
    expect(await sign(await node('b'), prepare(hashOf(2)))).toEqual([undefined]);
  });
});

describe('SGN-10: a record that was restored', () => {
  it('is refused by a node that has seen more of it, at the start and later', async () => {
    await serve();
    const key = await node();
    await sign(key, result(1));
    const copy = join(root, 'copy');
    cpSync(paths.signed, copy, { recursive: true });
    for (let height = 2; height < 8; height++) await sign(key, result(height));
    const seen = key.votes.mark();
    await server?.stop();
    await until(() => key.trouble() !== undefined);
    rmSync(paths.signed, { recursive: true });
    cpSync(copy, paths.signed, { recursive: true });
    await serve();
    await until(() => key.trouble()?.code === 'SIGNER_RECORD_OLD');
    expect(await sign(key, result(8))).toEqual([undefined]);
    key.stop();
    const restarted = await node('b');
    expect(() => restarted.expectMark(seen)).toThrow(/ends at batch/);
    expect(() => restarted.expectMark(undefined)).not.toThrow();
  });

  it('or begun anew, likewise', async () => {
    await serve();
    const key = await node();
    await sign(key, result(1));
    const seen = key.votes.mark();
    key.stop();
    await server?.stop();
    await createRecord(paths, suite, suite.nodeIdOf(KEY));
    await serve();
    const restarted = await node('b');
    expect(() => restarted.expectMark(seen)).toThrow(/another record/);
  });
});

describe('SGN-11: away', () => {
  it('a vote is lost, the node is told why, and it goes on when the signer is back', async () => {
    await serve();
    const key = await node();
    await server?.stop();
    await until(() => key.trouble() !== undefined);
    expect(await sign(key, result(1))).toEqual([undefined]);
    expect(key.trouble()).toMatchObject({
      code: 'SIGNER_UNREACHABLE',
      remedy: expect.stringContaining('hansa signer'),
    });
    await serve();
    await until(() => key.trouble() === undefined);
    expect(isGood(result(1), (await sign(key, result(1)))[0])).toBe(true);
    expect(key.counters()['lost']).toBe(1);
  });

  it('a start without a signer fails with a remedy', async () => {
    mkdirSync(join(root, 'nobody'));
    paths = { ...paths, socket: join(root, 'nobody', 'signer.sock') };
    expect(await codeOf(node())).toBe('SIGNER_UNREACHABLE');
  });
});

import type { ApprovedVote, PbftEffect, PbftInput, PbftStatus } from '@hansa/consensus';
import type { HashHex, Height, NodeId, Term, ValidatorIndex, View } from '@hansa/primitives';
import { DEFAULT_CHAIN_PARAMETERS, type IncarnationMessage, type PbftMessage, type Proposal } from '@hansa/protocol';
import { describe, expect, test } from 'vitest';
import { ConsensusDriver, type Replica } from '../../src/consensus/driver.ts';
import { createLocalSigner } from '../../src/consensus/local-signer.ts';
import type { ConsensusPacket, ConsensusPorts, SigningRequest, VoteSigner } from '../../src/consensus/ports.ts';
import { createVoteStore, openVoteStore } from '../../src/consensus/vote-store.ts';
import { fullDisk, MemoryFile } from './memory-file.ts';

const idOf = (n: number): NodeId => n.toString(16).padStart(128, '0') as NodeId;
const hashOf = (n: number): HashHex => n.toString(16).padStart(64, '0') as HashHex;
const OWN = idOf(0);
const OWNER = 'ab'.repeat(32) as HashHex;
const SIGNATURE = new Uint8Array(64).fill(7);
const INSTANCE = '0'.repeat(32);

const prepare = (height: number): Extract<PbftMessage, { type: 'prepare' }> => ({
  type: 'prepare',
  term: 0 as Term,
  sender: 0 as ValidatorIndex,
  view: 0 as View,
  height: height as Height,
  digest: hashOf(height),
  signature: SIGNATURE,
});
const voteEffects = (height: number): PbftEffect[] => {
  const { signature: _, ...vote } = prepare(height);
  const { type: __, sender: ___, ...content } = vote;
  return [
    { type: 'persist', record: { type: 'vote', kind: 'prepare', ...content } },
    { type: 'send', to: 'all', vote: vote as ApprovedVote },
  ];
};
const proposal = (height: number, parent: HashHex, hashes: readonly HashHex[] = []): Proposal => ({
  chainId: 1,
  groupId: 'g',
  term: 0 as Term,
  height: height as Height,
  view: 0 as View,
  parentDigest: parent,
  timestamp: 1_000 + height,
  proposer: 1 as ValidatorIndex,
  transactionHashes: hashes,
});

/** The real driver and store; a replica that a test scripts, and ports that write down what they are asked. */
const DIGESTS = { signingDigest: () => hashOf(1), incarnationDigest: () => hashOf(2) };
const LOCAL_SIGNER = createLocalSigner(DIGESTS, () => SIGNATURE);

function setUp(script: (input: PbftInput) => readonly PbftEffect[], signer: VoteSigner = LOCAL_SIGNER) {
  const files = [new MemoryFile('a'), new MemoryFile('b')];
  let salt = 0;
  const options = { owner: OWNER, random: () => ++salt };
  void createVoteStore(files, options);
  const opened = openVoteStore(files, options);
  if (opened.state === 'lost') throw new Error('lost');
  void opened.store.begin();
  const log: string[] = [];
  const sent: { to: readonly NodeId[]; packet: ConsensusPacket }[] = [];
  const inputs: PbftInput[] = [];
  const fatal: unknown[] = [];
  const held = new Set<HashHex>();
  let deferred: (() => void)[] = [];
  const executions: ((hash: HashHex | undefined) => void)[] = [];
  let nowMs = 0;
  let isValid = true;
  const ports: ConsensusPorts = {
    transport: {
      send(to, packets) {
        for (const packet of packets) {
          sent.push({ to, packet });
          log.push(`send ${packet.type}${packet.type === 'pbft' ? ` ${packet.message.type}` : ''}`);
        }
      },
    },
    verifier: { verify: (checks, done) => done(checks.map(() => isValid)) },
    signer,
    digests: {
      ...DIGESTS,
      proposalDigest: (p) => hashOf(1_000 * p.height + p.transactionHashes.length),
    },
    transactions: {
      check: ({ proposal: p }) => {
        const missing = p.transactionHashes.filter((hash) => !held.has(hash));
        return missing.length === 0 ? { type: 'valid' } : { type: 'missing', hashes: missing };
      },
      raw: (hashes) => hashes.filter((hash) => held.has(hash)).map(() => new Uint8Array(10)),
      admit: (raw, _from, done) => {
        for (let i = 0; i < raw.length; i++) held.add(hashOf(70 + i));
        done();
      },
      restore: () => undefined,
      resendWaiting: () => log.push('resend transactions'),
    },
    source: { select: (_request, done) => done([hashOf(70)]) },
    executor: {
      execute: ({ height }, done) => {
        log.push(`execute ${height}`);
        executions.push(done);
      },
    },
    committer: {
      commit: () => undefined,
      finalHead: () => ({ height: 0 as Height, certificate: undefined }),
      validatorsAt: () => undefined,
    },
    sync: { behind: (height) => log.push(`behind ${height}`) },
    clock: { nowMs: () => 5_000 + nowMs, monotonicMs: () => nowMs },
    scheduler: { defer: (run) => deferred.push(run) },
    observer: {
      report: (report) => log.push(`report ${report.type}`),
      status: () => undefined,
      misbehaved: (_peer, code) => log.push(code),
    },
    randomHex: () => 'ab'.repeat(16),
    fatal: (failure) => fatal.push(failure),
  };
  const replica: Replica = {
    step(input) {
      inputs.push(input);
      return script(input);
    },
    status: {} as PbftStatus,
    rejectReason: (message) => (message.type === 'suspect' ? 'PBFT_STALE_VIEW' : undefined),
    proposalChain: (digest) => (digest === hashOf(5_000) ? [proposal(5, hashOf(4_000))] : []),
  };
  const validators = [0, 1, 2, 3].map((n) => ({ nodeId: idOf(n), weight: 1, organisationId: 'o' }));
  const driver = new ConsensusDriver(
    {
      nodeId: OWN,
      chainId: 1,
      groupId: 'g',
      store: opened.store,
      instance: INSTANCE,
      head: {
        height: 0 as Height,
        blockHash: hashOf(0),
        proposalDigest: hashOf(0),
        timestamp: 0,
        term: {
          term: 0 as Term,
          baseHeight: 0 as Height,
          baseHash: hashOf(0),
          baseProposalDigest: hashOf(0),
          baseTimestamp: 0,
          validators,
          primaryOrder: [0, 1, 2, 3] as ValidatorIndex[],
          endHeight: 256 as Height,
          endScheduled: false,
          parameters: DEFAULT_CHAIN_PARAMETERS,
        },
      },
      createReplica: () => replica,
    },
    ports,
  );
  const run = (): void => {
    while (deferred.length > 0) {
      const now = deferred;
      deferred = [];
      for (const next of now) next();
    }
  };
  const stored = (): readonly string[] => {
    const again = openVoteStore(
      files.map((file) => new MemoryFile(file.name, file.read())),
      options,
    );
    if (again.state === 'lost') throw new Error('lost');
    return again.store.restored().durable.votes.map((vote) => `${vote.kind} ${vote.height}`);
  };
  return {
    driver,
    files,
    log,
    sent,
    inputs,
    fatal,
    held,
    executions,
    run,
    stored,
    store: opened.store,
    setValid: (value: boolean) => {
      isValid = value;
    },
    passMs: (ms: number) => {
      nowMs += ms;
    },
  };
}

const onPool = (effects: PbftEffect[]) => (input: PbftInput) => (input.type === 'poolState' ? effects : []);
const POOL = { hasExecutable: true, hasWaiting: false, overtakenIn: undefined };
const packetOf = (message: PbftMessage): ConsensusPacket => ({ type: 'pbft', message });

describe('durable before sent', () => {
  test('all inputs of a batch share one write, and nothing leaves before it', async () => {
    let height = 0;
    const kit = setUp((input) => (input.type === 'poolState' ? voteEffects(++height) : []));
    let release = (): void => undefined;
    (kit.files[1] as MemoryFile).gate = new Promise((resolve) => {
      release = resolve;
    });
    for (let i = 0; i < 3; i++) kit.driver.onPoolState(POOL);
    kit.run();
    expect(kit.sent).toEqual([]);
    expect(kit.files[0]?.syncCount).toBe(1);
    kit.driver.onPoolState(POOL);
    kit.run();
    expect(kit.inputs.length, 'no step while a write is under way').toBe(3);
    release();
    await Promise.resolve().then(() => new Promise((resolve) => setImmediate(resolve)));
    expect(kit.sent.map(({ packet }) => packet.type)).toEqual(['pbft', 'pbft', 'pbft']);
    expect(kit.stored()).toEqual(['prepare 1', 'prepare 2', 'prepare 3']);
  });

  test('the own vote goes to the others and comes back through the same door', () => {
    const kit = setUp(onPool(voteEffects(1)));
    kit.driver.onPoolState(POOL);
    kit.run();
    expect(kit.sent[0]?.to).toEqual([idOf(1), idOf(2), idOf(3)]);
    expect(kit.inputs.at(-1)).toEqual({ type: 'message', message: prepare(1), from: OWN });
  });

  test('a full disk stops everything before the vote leaves', () => {
    const kit = setUp(onPool(voteEffects(1)));
    (kit.files[0] as MemoryFile).failAppend = fullDisk();
    kit.driver.onPoolState(POOL);
    kit.run();
    expect(kit.fatal).toMatchObject([{ code: 'VOTE_STORE_FULL' }]);
    (kit.files[0] as MemoryFile).failAppend = undefined;
    kit.driver.onPoolState(POOL);
    kit.driver.receive(idOf(1), packetOf(prepare(1)));
    kit.run();
    expect([kit.sent, kit.inputs.length]).toEqual([[], 1]);
  });
});

describe('a signer that is elsewhere', () => {
  type Asked = { request: SigningRequest; answer: (signatures: readonly (Uint8Array | undefined)[]) => void };

  function remote(): { asked: Asked[]; signer: VoteSigner; mark: { id: string; sequence: number } } {
    const asked: Asked[] = [];
    const mark = { id: 'cd'.repeat(16), sequence: 1 };
    const signer: VoteSigner = {
      signVotes: (request, done) => void asked.push({ request, answer: done }),
      signIncarnation: (_, done) => done(undefined),
      mark: () => ({ ...mark }),
    };
    return { asked, signer, mark };
  }
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test('the vote is durable before the signer is asked, and no step is made before it has answered', async () => {
    let height = 0;
    const { asked, signer } = remote();
    const kit = setUp((input) => (input.type === 'poolState' ? voteEffects(++height) : []), signer);
    kit.driver.onPoolState(POOL);
    kit.run();
    expect(kit.stored()).toEqual(['prepare 1']);
    expect(asked.map(({ request }) => request.votes.map(({ vote }) => vote.type))).toEqual([['prepare']]);
    kit.driver.onPoolState(POOL);
    kit.run();
    expect([kit.inputs.length, kit.sent]).toEqual([1, []]);
    asked[0]?.answer([SIGNATURE]);
    await turn();
    kit.run();
    expect(kit.sent[0]?.packet).toEqual(packetOf(prepare(1)));
    expect(asked.length).toBe(2);
  });

  test('SGN-11: a vote that is not signed is a lost message: it neither leaves nor comes back, and all else goes on', async () => {
    const { asked, signer } = remote();
    const status: PbftEffect = { type: 'behind', height: 9 as Height, from: [] };
    const kit = setUp(onPool([...voteEffects(1), ...voteEffects(2), status]), signer);
    kit.driver.onPoolState(POOL);
    kit.run();
    asked[0]?.answer([undefined, SIGNATURE]);
    await turn();
    kit.run();
    expect(kit.sent.map(({ packet }) => packet)).toEqual([packetOf(prepare(2))]);
    expect(kit.inputs.filter((input) => input.type === 'message').length).toBe(1);
    expect(kit.log).toContain('behind 9');
  });

  test('SGN-8: a PREPARE names the parent of its proposal, and the request the final block', () => {
    const { asked, signer } = remote();
    const [persisted, send] = voteEffects(5);
    const kit = setUp(
      onPool([persisted as PbftEffect, { ...send, vote: { ...prepare(5), digest: hashOf(5_000) } } as never]),
      signer,
    );
    kit.driver.onPoolState(POOL);
    kit.run();
    expect(asked[0]?.request.votes[0]?.parent).toBe(hashOf(4_000));
    expect(asked[0]?.request.final).toEqual({ height: 0, proposalDigest: hashOf(0) });
  });

  test("SGN-10: the signer's mark is on disk before it is asked again", async () => {
    let height = 0;
    const { asked, signer, mark } = remote();
    const kit = setUp((input) => (input.type === 'poolState' ? voteEffects(++height) : []), signer);
    kit.driver.onPoolState(POOL);
    kit.run();
    expect(kit.store.signerMark).toEqual({ id: mark.id, sequence: 1 });
    mark.sequence = 7;
    asked[0]?.answer([SIGNATURE]);
    await turn();
    kit.driver.onPoolState(POOL);
    kit.run();
    expect(asked.length).toBe(2);
    expect(kit.store.signerMark).toEqual({ id: mark.id, sequence: 7 });
  });
});

describe('what comes in', () => {
  test('a message with a bad signature never reaches the replica', () => {
    const kit = setUp(() => []);
    kit.setValid(false);
    kit.driver.receive(idOf(1), packetOf({ ...prepare(1), sender: 1 as ValidatorIndex }));
    kit.run();
    expect(kit.inputs).toEqual([]);
    expect(kit.log).toEqual(['CONSENSUS_BAD_SIGNATURE']);
    kit.setValid(true);
    kit.driver.receive(idOf(1), packetOf({ ...prepare(1), sender: 9 as ValidatorIndex }));
    kit.run();
    expect(kit.inputs, 'nor one of a sender outside the set').toEqual([]);
  });

  test('what the replica would drop is dropped before its signature is looked at', () => {
    const kit = setUp(() => []);
    const suspect: PbftMessage = { ...prepare(1), type: 'suspect', decidedHeight: 0 as Height } as never;
    kit.driver.receive(idOf(1), packetOf(suspect));
    kit.run();
    expect([kit.inputs.length, kit.log]).toEqual([0, ['PBFT_STALE_VIEW']]);
  });

  test('a flood of one peer is bounded and counted, and displaces nobody else', () => {
    const kit = setUp(() => []);
    for (let i = 0; i < 1_000; i++) kit.driver.receive(idOf(1), packetOf(prepare(i)));
    kit.driver.receive(idOf(2), packetOf({ ...prepare(7), sender: 2 as ValidatorIndex }));
    expect(kit.driver.counters.inboxDroppedCount).toBe(1_000 - 256);
    kit.run();
    expect(kit.inputs.length).toBe(257);
    expect(kit.inputs.slice(0, 64).some((input) => input.type === 'message' && input.from === idOf(2))).toBe(true);
  });

  test('a long sleep of the machine counts as a few ticks', () => {
    const kit = setUp(() => []);
    kit.passMs(60_000);
    kit.driver.onTick();
    kit.run();
    expect(kit.inputs).toEqual([{ type: 'tick', tick: 4, clockMs: 65_000 }]);
  });
});

describe('proposals and their transactions', () => {
  const hashes = [hashOf(70), hashOf(71)];
  const wanted = proposal(1, hashOf(0), hashes);
  const validate: PbftEffect = {
    type: 'validate',
    proposal: wanted,
    digest: hashOf(1_002),
    ancestors: [],
    mode: 'full',
    from: [idOf(1)],
  };
  const verdicts = (inputs: readonly PbftInput[]): string[] =>
    inputs.flatMap((input) => (input.type === 'validated' ? [input.verdict.type] : []));

  test('missing transactions are fetched, stored, and then the answer is valid', () => {
    const kit = setUp(onPool([validate]));
    kit.driver.onPoolState(POOL);
    kit.run();
    expect(verdicts(kit.inputs)).toEqual(['waiting']);
    // They may be on their way by the pool's own channel.
    expect(kit.sent).toEqual([]);
    for (let tick = 0; tick < 2; tick++) {
      kit.passMs(50);
      kit.driver.onTick();
    }
    kit.run();
    expect(kit.sent).toEqual([{ to: [idOf(1)], packet: { type: 'transaction-request', hashes } }]);
    kit.driver.receive(idOf(1), { type: 'transactions', raw: [new Uint8Array(1), new Uint8Array(1)] });
    kit.run();
    expect(verdicts(kit.inputs)).toEqual(['waiting', 'valid']);
    expect(kit.store.restored().transactions.map((raw) => raw.length)).toEqual([2]);
  });

  test('nobody is listened to who was not asked', () => {
    const kit = setUp(() => []);
    kit.driver.receive(idOf(1), { type: 'transactions', raw: [new Uint8Array(1)] });
    kit.driver.receive(idOf(1), { type: 'proposals', proposals: [wanted] });
    kit.run();
    expect(kit.log).toEqual(['CONSENSUS_UNASKED', 'CONSENSUS_UNASKED']);
    expect(kit.inputs).toEqual([]);
  });

  test('a fetched chain counts only as far as each proposal is the parent of the one before', () => {
    const fetch: PbftEffect = {
      type: 'fetch',
      digest: hashOf(3_000),
      height: 3 as Height,
      heightMin: 1 as Height,
      from: [idOf(2)],
    };
    const kit = setUp(onPool([fetch]));
    kit.driver.onPoolState(POOL);
    kit.run();
    const chain = [proposal(3, hashOf(2_000)), proposal(2, hashOf(999)), proposal(1, hashOf(0))];
    kit.driver.receive(idOf(2), { type: 'proposals', proposals: chain });
    kit.run();
    expect(kit.inputs.filter(({ type }) => type === 'body').map((input) => 'digest' in input && input.digest)).toEqual([
      hashOf(3_000),
      hashOf(2_000),
    ]);
    expect(kit.log.at(-1)).toBe('CONSENSUS_UNASKED');
  });

  test('answers to one peer have a budget that refills with time', () => {
    const kit = setUp(() => []);
    const ask = (): void => {
      kit.driver.receive(idOf(3), { type: 'proposal-request', digest: hashOf(5_000), heightMin: 1 as Height });
      kit.run();
    };
    for (let i = 0; i < 20_000; i++) ask();
    const first = kit.sent.length;
    expect(first).toBeLessThan(20_000);
    expect(kit.driver.counters.refusedBudgetCount).toBe(20_000 - first);
    kit.passMs(1_000);
    ask();
    expect(kit.sent.length).toBe(first + 1);
  });

  test('heights are executed one after the other, in order', () => {
    const execute = (height: number): PbftEffect => ({
      type: 'execute',
      height: height as Height,
      proposal: proposal(height, hashOf(height - 1)),
      digest: hashOf(height),
    });
    const kit = setUp(onPool([execute(2), execute(1), execute(3)]));
    kit.driver.onPoolState(POOL);
    kit.run();
    expect(kit.log).toEqual(['execute 2']);
    kit.executions[0]?.(hashOf(22));
    kit.executions[1]?.(hashOf(21));
    expect(kit.log).toEqual(['execute 2', 'execute 1', 'execute 3']);
  });
});

describe('incarnations (spec PBFT-T3)', () => {
  const statement = (incarnation: number, instance = 'cd'.repeat(16)): IncarnationMessage => ({
    type: 'incarnation',
    nodeId: idOf(1),
    incarnation,
    instance,
    signature: SIGNATURE,
  });

  test('a statement is acknowledged when it is on disk, and a lower or equal one is answered with what is held', () => {
    const kit = setUp(() => []);
    const say = (s: IncarnationMessage): ConsensusPacket | undefined => {
      kit.driver.receive(idOf(1), { type: 'incarnation', statement: s });
      kit.run();
      return kit.sent.at(-1)?.packet;
    };
    expect(say(statement(3))).toEqual({ type: 'incarnation-stored', incarnation: 3, instance: 'cd'.repeat(16) });
    expect(kit.store.restored().peerStatements).toEqual([statement(3)]);
    expect(say(statement(3)), 'asked again').toMatchObject({ type: 'incarnation-stored' });
    expect(say(statement(2))).toEqual({ type: 'incarnation-held', statement: statement(3) });
    expect(say(statement(3, 'ef'.repeat(16)))).toEqual({ type: 'incarnation-held', statement: statement(3) });
  });

  test('a statement of an own later start proves the roll-back of an intact store', () => {
    const kit = setUp(() => []);
    const later = { ...statement(9), nodeId: OWN };
    kit.driver.receive(idOf(1), { type: 'incarnation-held', statement: later });
    kit.driver.receive(idOf(1), { type: 'incarnation-stored', incarnation: 1, instance: INSTANCE });
    kit.run();
    expect(kit.inputs).toEqual([
      { type: 'incarnationRefused', nodeId: idOf(1), incarnation: 9 },
      { type: 'incarnationAcknowledged', nodeId: idOf(1), incarnation: 1 },
    ]);
  });

  test('a store that is known to be lost starts again above it', () => {
    const lost: PbftEffect = { type: 'persist', record: { type: 'vote-store', state: { type: 'lost' } } };
    const kit = setUp(onPool([lost]));
    kit.driver.onPoolState(POOL);
    kit.run();
    kit.driver.receive(idOf(1), { type: 'incarnation-held', statement: { ...statement(9), nodeId: OWN } });
    kit.run();
    expect(kit.store.incarnation).toBe(10);
    expect(kit.log.at(-1)).toBe('report incarnationRaised');
  });
});

/** The committee on a chain: FISCO BCOS's functions and ours, votes, events, attestations, demotion, proofs. */
import {
  MEMBERSHIP_CODES as CODES,
  COMMITTEE_ADDRESS,
  CONSENSUS_ADDRESS,
  findNode,
  readCommittee,
  readHistoryCount,
  readHistoryEntry,
  readParameters,
  readProposal,
  readRegistry,
  SYSTEM_CONFIG_ADDRESS,
} from '@hansa/membership';
import type { AddressHex, HashHex, Height, Term, ValidatorIndex, View } from '@hansa/primitives';
import { certificateDigest, encodePbftMessage, type PbftMessage, pbftSigningDigest } from '@hansa/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type AbiType,
  type AbiValue,
  callMessage,
  decodeAbi,
  encodeCall,
  SYSTEM_EVENTS,
  topicOf,
} from '../src/index.ts';
import { ETHER, keyOf, nodeIds, suite, TestChain, Wallet } from './kit/chain.ts';
import {
  addObserver,
  addSealer,
  attestAll,
  attestation,
  codeOf,
  govern,
  nodeWallet,
  onNodes,
  onParameters,
  proposalData,
  reasonOf,
  remove,
  sendTo,
  setValue,
  setWeight,
  voteData,
} from './kit/governance.ts';

const NEW_NODE = nodeIds[4] as string;
const [ALPHA, BETA, STRANGER] = [0, 1, 3];
const COMMITTEE_VIEW = '10011'.padStart(40, '0') as AddressHex;
const PROPOSALS_VIEW = '10012'.padStart(40, '0') as AddressHex;

let chain: TestChain;
beforeEach(() => {
  chain = new TestChain({ parameters: { leaderPeriod: 100, window: 2 }, governors: [1, 1] });
});

async function view(
  to: AddressHex,
  signature: string,
  values: readonly AbiValue[],
  types: readonly AbiType[],
): Promise<readonly AbiValue[] | undefined> {
  const argumentsOf = signature.slice(signature.indexOf('(') + 1, -1);
  const data = encodeCall(signature, (argumentsOf === '' ? [] : argumentsOf.split(',')) as AbiType[], values);
  const outcome = await callMessage({
    suite,
    environment: chain.environment(),
    state: chain.state,
    request: { to, data },
    gasCap: 10_000_000n,
  });
  return outcome.type === 'success' ? decodeAbi(types, outcome.output) : undefined;
}

const onCommittee = (signature: string, types: readonly AbiType[], values: readonly AbiValue[]) =>
  [COMMITTEE_ADDRESS, encodeCall(signature, types, values)] as const;
const eventsOf = (logs: readonly { topics: readonly HashHex[] }[]): readonly (string | undefined)[] =>
  logs.map(({ topics }) => Object.values(SYSTEM_EVENTS).find((signature) => topicOf(signature) === topics[0]));

describe('GOV-26, GOV-70: proposals on chain', () => {
  it('GOV-26, GOV-70: one of two waits, both decide; each step with its events', async () => {
    const made = await govern(chain, [onParameters(setValue('hansa_window', '4'))], { reason: 'why not' });
    expect(decodeAbi(['uint256'], made.output)).toEqual([1n]);
    expect(eventsOf(made.logs)).toEqual([SYSTEM_EVENTS.proposed]);
    expect(readParameters(chain.state).window).toBe(2);
    const voted = await sendTo(chain, BETA, [COMMITTEE_ADDRESS, voteData(1n, true)]);
    expect(eventsOf(voted.logs)).toEqual([
      SYSTEM_EVENTS.voted,
      SYSTEM_EVENTS.changed,
      SYSTEM_EVENTS.settled,
      SYSTEM_EVENTS.execResult,
    ]);
    expect(decodeAbi(['int256'], voted.logs[3]?.data as Uint8Array)).toEqual([0n]);
    expect(readParameters(chain.state).window).toBe(4);
    // MEM-7: with the transaction and the cause.
    expect(readHistoryCount(chain.state)).toBe(1);
    expect(readHistoryEntry(chain.state, 0)).toEqual({
      height: 2,
      transactionHash: voted.transactionHash,
      cause: 'proposal 1',
      subject: 'parameter hansa_window',
      from: '2',
      to: '4',
    });
    expect(await view(CONSENSUS_ADDRESS, 'getHistoryCount()', [], ['uint256'])).toEqual([1n]);
    expect(
      await view(
        CONSENSUS_ADDRESS,
        'getHistoryEntry(uint256)',
        [0n],
        ['uint256', 'bytes32', 'string', 'string', 'string', 'string'],
      ),
    ).toEqual([2n, voted.transactionHash, 'proposal 1', 'parameter hansa_window', '2', '4']);
    expect(await view(CONSENSUS_ADDRESS, 'getHistoryEntry(uint256)', [1n], ['uint256'])).toBeUndefined();
  });

  it('GOV-26, GOV-33: what a proposal would do to the chain is kept with it', async () => {
    await govern(chain, [onNodes(remove(nodeIds[0] as string))], { acceptRisk: true });
    expect(readProposal(chain.state, 1)?.effect).toMatchObject({
      before: { validatorCount: 4, toleratedFaults: 1 },
      after: { validatorCount: 3, toleratedFaults: 0 },
      risks: ['no faulty validator is tolerated any more'],
    });
  });

  it('GOV-26: refusals revert with their reason', async () => {
    const refused = async (wallet: number, call: readonly [AddressHex, Uint8Array]): Promise<unknown> =>
      reasonOf((await sendTo(chain, wallet, call)).output);
    expect(
      await refused(STRANGER, [COMMITTEE_ADDRESS, proposalData([onParameters(setValue('hansa_window', '4'))])]),
    ).toBe('you must be governor');
    expect(await refused(ALPHA, [COMMITTEE_ADDRESS, voteData(1n, true)])).toBe('there is no such proposal');
    expect(await refused(ALPHA, [COMMITTEE_ADDRESS, proposalData([])])).toBe('a proposal has 1 to 32 changes');
    expect(await refused(ALPHA, [COMMITTEE_ADDRESS, proposalData([[COMMITTEE_ADDRESS, voteData(1n, true)]])])).toBe(
      'call 0 is none that the committee decides on',
    );
    expect(
      await refused(ALPHA, [COMMITTEE_ADDRESS, proposalData([[CONSENSUS_ADDRESS, remove(NEW_NODE).subarray(0, 30)]])]),
    ).toBe('call 0 is none that the committee decides on');
    const unequal = encodeCall(
      'createProposal(address[],bytes[],bool,uint256,string)',
      ['address[]', 'bytes[]', 'bool', 'uint256', 'string'],
      [[CONSENSUS_ADDRESS], [], false, 1n, ''],
    );
    expect(await refused(ALPHA, [COMMITTEE_ADDRESS, unequal])).toBe('as many calls as targets are expected');
    await govern(chain, [onParameters(setValue('hansa_window', '4'))], { interval: 1n });
    await chain.block([]);
    expect(await refused(BETA, [COMMITTEE_ADDRESS, voteData(1n, true)])).toBe(
      'proposal 1 is outdated, it cannot be voted on',
    );
    expect(readCommittee(chain.state).openProposals).toEqual([]);
  });

  it('GOV-25: a proposal is revoked', async () => {
    await govern(chain, [onParameters(setValue('hansa_window', '4'))]);
    const revoke = onCommittee('revokeProposal(uint256)', ['uint256'], [1n]);
    expect(reasonOf((await sendTo(chain, BETA, revoke)).output)).toMatch(/only the organisation that made/);
    expect(eventsOf((await sendTo(chain, ALPHA, revoke)).logs)).toEqual([SYSTEM_EVENTS.settled]);
    expect(readProposal(chain.state, 1)?.status).toBe('revoked');
  });

  it('GOV-26: the functions of FISCO BCOS, each of its type', async () => {
    const own = chain.wallet(ALPHA).address;
    const week = 604_800n;
    const made: readonly (readonly [string, readonly AbiType[], readonly AbiValue[], number])[] = [
      ['createUpdateGovernorProposal(address,uint32,uint256)', ['address', 'uint32', 'uint256'], [own, 1n, week], 11],
      ['createSetRateProposal(uint8,uint8,uint256)', ['uint8', 'uint8', 'uint256'], [60n, 60n, week], 12],
      ['createSetDeployAuthTypeProposal(uint8,uint256)', ['uint8', 'uint256'], [1n, week], 21],
      ['createModifyDeployAuthProposal(address,bool,uint256)', ['address', 'bool', 'uint256'], [own, true, week], 22],
      [
        'createSetSysConfigProposal(string,string,uint256)',
        ['string', 'string', 'uint256'],
        ['tx_count_limit', '10', week],
        41,
      ],
      [
        'createSetConsensusWeightProposal(string,uint32,bool,uint256)',
        ['string', 'uint32', 'bool', 'uint256'],
        [NEW_NODE, 0n, true, week],
        51,
      ],
      [
        'createSetConsensusWeightProposal(string,uint32,bool,uint256)',
        ['string', 'uint32', 'bool', 'uint256'],
        [nodeIds[0] as string, 1n, true, week],
        51,
      ],
      [
        'createSetConsensusWeightProposal(string,uint32,bool,uint256)',
        ['string', 'uint32', 'bool', 'uint256'],
        [nodeIds[0] as string, 1n, false, week],
        51,
      ],
    ];
    for (const [index, [signature, types, values, type]] of made.entries()) {
      const receipt = await sendTo(chain, ALPHA, onCommittee(signature, types, values));
      expect([signature, receipt.status]).toEqual([signature, 1]);
      expect(await view(COMMITTEE_ADDRESS, 'getProposalType(uint256)', [BigInt(index + 1)], ['uint8'])).toEqual([
        BigInt(type),
      ]);
    }
    // Without accepted risk: a removal from four is refused, as is an organisation that nobody knows.
    const removal = onCommittee(
      'createRmNodeProposal(string,uint256)',
      ['string', 'uint256'],
      [nodeIds[0] as string, week],
    );
    expect(reasonOf((await sendTo(chain, BETA, removal)).output)).toMatch(/needs acceptRisk/);
    const nobody = onCommittee(
      'createUpdateGovernorProposal(address,uint32,uint256)',
      ['address', 'uint32', 'uint256'],
      ['9'.repeat(40), 1n, week],
    );
    expect(reasonOf((await sendTo(chain, BETA, nobody)).output)).toBe('the account acts for no organisation');
    const noContract = onCommittee(
      'createResetAdminProposal(address,address,uint256)',
      ['address', 'address', 'uint256'],
      [own, own, week],
    );
    expect(reasonOf((await sendTo(chain, BETA, noContract)).output)).toMatch(/there is no contract/);
    expect(await view(COMMITTEE_ADDRESS, 'getProposalType(uint256)', [99n], ['uint8'])).toEqual([0n]);
  });

  it('GOV-27: views as FISCO BCOS has them', async () => {
    const [alpha, beta] = [chain.wallet(ALPHA).address, chain.wallet(BETA).address];
    expect(await view(COMMITTEE_ADDRESS, '_committee()', [], ['address'])).toEqual([COMMITTEE_VIEW]);
    expect(await view(COMMITTEE_ADDRESS, '_proposalMgr()', [], ['address'])).toEqual([PROPOSALS_VIEW]);
    expect(await view(COMMITTEE_VIEW, 'getCommitteeInfo()', [], ['uint8', 'uint8', 'address[]', 'uint32[]'])).toEqual([
      66n,
      66n,
      [alpha, beta],
      [1n, 1n],
    ]);
    for (const at of [COMMITTEE_ADDRESS, COMMITTEE_VIEW]) {
      expect(await view(at, 'isGovernor(address)', [alpha], ['bool'])).toEqual([true]);
      expect(await view(at, 'isGovernor(address)', ['9'.repeat(40)], ['bool'])).toEqual([false]);
    }
    expect(await view(COMMITTEE_VIEW, 'getWeight(address)', [beta], ['uint32'])).toEqual([1n]);
    expect(await view(COMMITTEE_VIEW, 'getWeights()', [], ['uint32'])).toEqual([2n]);
    expect(await view(COMMITTEE_VIEW, 'getWeights(address[])', [[alpha, '9'.repeat(40)]], ['uint32'])).toEqual([1n]);
    expect(await view(COMMITTEE_VIEW, '_participatesRate()', [], ['uint8'])).toEqual([66n]);
    expect(await view(COMMITTEE_VIEW, '_winRate()', [], ['uint8'])).toEqual([66n]);
    expect(await view(COMMITTEE_VIEW, '_owner()', [], ['address'])).toEqual([COMMITTEE_ADDRESS]);
    await govern(chain, [onParameters(setValue('hansa_window', '4'))]);
    const types = ['address', 'address', 'uint8', 'uint256', 'uint8', 'address[]', 'address[]'] as const;
    const info = [SYSTEM_CONFIG_ADDRESS, alpha, 41n, 1_001n, 1n, [alpha], []];
    expect(await view(PROPOSALS_VIEW, 'getProposalInfo(uint256)', [1n], types)).toEqual(info);
    expect(
      await view(PROPOSALS_VIEW, 'getProposalInfoList(uint256,uint256)', [1n, 2n], [`(${types.join(',')})[]`]),
    ).toEqual([[info, ['0'.repeat(40), '0'.repeat(40), 0n, 0n, 0n, [], []]]]);
    expect(await view(PROPOSALS_VIEW, 'getProposalStatus(uint256)', [1n], ['uint8'])).toEqual([1n]);
    expect(await view(PROPOSALS_VIEW, 'getProposalStatus(uint256)', [7n], ['uint8'])).toEqual([0n]);
    expect(await view(PROPOSALS_VIEW, '_proposalCount()', [], ['uint256'])).toEqual([1n]);
  });

  it('GOV-10: every function of the committee says no to everybody else', async () => {
    const own = chain.wallet(ALPHA).address;
    const calls: readonly (readonly [AddressHex, string, readonly AbiType[], readonly AbiValue[]])[] = [
      [SYSTEM_CONFIG_ADDRESS, 'setValueByKey(string,string)', ['string', 'string'], ['hansa_window', '4']],
      [COMMITTEE_ADDRESS, 'setRate(uint8,uint8)', ['uint8', 'uint8'], [1n, 1n]],
      [COMMITTEE_ADDRESS, 'setGovernor(string,uint256)', ['string', 'uint256'], ['alpha', 9n]],
      [COMMITTEE_ADDRESS, 'removeOrganisation(string)', ['string'], ['beta']],
      ['1005'.padStart(40, '0') as AddressHex, 'setDeployAuthType(uint8)', ['uint8'], [1n]],
      ['1005'.padStart(40, '0') as AddressHex, 'resetAdmin(address,address)', ['address', 'address'], [own, own]],
      ['10003'.padStart(40, '0') as AddressHex, 'setAccountStatus(address,uint8)', ['address', 'uint8'], [own, 1n]],
    ];
    for (const [to, signature, types, values] of calls) {
      const receipt = await sendTo(chain, ALPHA, [to, encodeCall(signature, types, values)]);
      expect([signature, receipt.logs, codeOf(receipt.output)]).toEqual([signature, [], BigInt(CODES.noPermission)]);
    }
  });
});

describe('EXE-18: governing is free', () => {
  it('EXE-18: governors and validators need no price, everybody else does', async () => {
    chain = new TestChain({ parameters: { leaderPeriod: 100, window: 1, minimumGasPrice: 1_000n } });
    const data = proposalData([onParameters(setValue('tx_gas_price', '0'))]);
    const free = { to: COMMITTEE_ADDRESS, data, gasLimit: 1_000_000n, maxFeePerGas: 0n } as const;
    const made = await chain.block([chain.sign(STRANGER, free), chain.sign(ALPHA, free)]);
    expect(made.body.leftOut.map(({ reason }) => reason)).toEqual(['gas price below minimum']);
    expect(made.receipts.map(({ status, effectiveGasPrice }) => [status, effectiveGasPrice])).toEqual([[1, 0n]]);
    expect(chain.balance(chain.wallet(ALPHA).address)).toBe(1000n * ETHER);
    chain.forgetNonces();
    // Only for the system contracts.
    const other = await chain.block([
      chain.sign(ALPHA, { to: chain.wallet(2).address, gasLimit: 21_000n, maxFeePerGas: 0n }),
    ]);
    expect(other.body.leftOut).toHaveLength(1);
    const seen = await chain.block([attestation(chain, 0, NEW_NODE)]);
    expect(codeOf(seen.receipts[0]?.output as Uint8Array)).toBe(BigInt(CODES.notACandidate));
  });
});

describe('GOV-40 to GOV-43: attestations on chain', () => {
  beforeEach(async () => {
    chain = new TestChain({ parameters: { leaderPeriod: 100, window: 2 } });
    await govern(chain, [onNodes(addObserver(NEW_NODE))]);
  });
  const promote = () =>
    govern(chain, [onNodes(addSealer(NEW_NODE, 1n)), onParameters(setValue('tx_count_limit', '7'))], {
      acceptRisk: true,
    });
  const roleOf = (): string | undefined => findNode(readRegistry(chain.state), NEW_NODE)?.role;

  it('GOV-41, GOV-42: three of four make it a validator, and the rest of the proposal takes effect with it', async () => {
    await promote();
    expect(roleOf()).toBe('candidate');
    const two = await attestAll(chain, NEW_NODE, [0, 1]);
    expect(two.map(({ output }) => codeOf(output))).toEqual([0n, 0n]);
    expect(eventsOf(two[0]?.logs ?? [])).toEqual([SYSTEM_EVENTS.attested]);
    expect([roleOf(), readParameters(chain.state).txCountLimit]).toEqual(['candidate', 1_000]);
    const [third] = await attestAll(chain, NEW_NODE, [2]);
    expect(eventsOf(third?.logs ?? [])).toEqual([
      SYSTEM_EVENTS.attested,
      SYSTEM_EVENTS.changed,
      SYSTEM_EVENTS.changed,
      SYSTEM_EVENTS.settled,
      SYSTEM_EVENTS.execResult,
    ]);
    expect([roleOf(), readParameters(chain.state).txCountLimit]).toEqual(['validator', 7]);
    expect(readProposal(chain.state, 2)?.status).toBe('passed');
    expect(chain.info.endScheduled).toBe(true);
  });

  it('GOV-41: by no stranger, of no observer, and not at a head that is old, wrong or to come', async () => {
    const code = async (transaction: ReturnType<typeof attestation>): Promise<unknown> =>
      codeOf((await chain.block([transaction])).receipts[0]?.output as Uint8Array);
    expect(await code(attestation(chain, 0, NEW_NODE))).toBe(BigInt(CODES.notACandidate));
    await promote();
    expect(await code(attestation(chain, 0, NEW_NODE, { height: 2, hash: 'ab'.repeat(32) }))).toBe(
      BigInt(CODES.notAttested),
    );
    expect(await code(attestation(chain, 0, NEW_NODE, { height: 99, hash: 'ab'.repeat(32) }))).toBe(
      BigInt(CODES.notAttested),
    );
    const old = { height: chain.header.height, hash: chain.head.hash };
    for (let i = 0; i < 11; i++) await chain.block([]);
    expect(await code(attestation(chain, 0, NEW_NODE, old))).toBe(BigInt(CODES.notAttested));
    const data = encodeCall(
      'attest(string,uint256,bytes32)',
      ['string', 'uint256', 'bytes32'],
      [NEW_NODE, BigInt(chain.header.height), chain.head.hash],
    );
    expect(codeOf((await sendTo(chain, ALPHA, [CONSENSUS_ADDRESS, data])).output)).toBe(BigInt(CODES.noPermission));
    expect(await code(attestation(chain, 0, NEW_NODE))).toBe(0n);
  });

  it('GOV-43: not attested in time it is an observer again, by a rule and not by a transaction', async () => {
    await promote();
    const { deadline } = readProposal(chain.state, 2) as { deadline: number };
    while (chain.header.height < deadline) await chain.block([]);
    expect(roleOf()).toBe('observer');
    expect(readProposal(chain.state, 2)?.status).toBe('outdated');
    const last = readHistoryEntry(chain.state, readHistoryCount(chain.state) - 1);
    expect(last).toMatchObject({ height: deadline, transactionHash: '0'.repeat(64), cause: 'proposal 2' });
    expect(last?.to).toBe('observer of alpha');
  });
});

describe('GOV-50, GOV-52: absent validators', () => {
  const five = (demotionTerms: number): void => {
    chain = new TestChain({ parameters: { leaderPeriod: 3, window: 2, demotionTerms }, validatorCount: 5 });
  };
  const away = (): string => nodeIds[0] as string;
  /** A block that the absent one does not make: whoever comes after it in the order leads then. */
  function blockOfOthers(transactions: Parameters<TestChain['block']>[0] = []): ReturnType<TestChain['block']> {
    const [first, second] = chain.info.primaryOrder as readonly [ValidatorIndex, ValidatorIndex];
    const isAway = chain.info.validators[first]?.nodeId === away();
    return chain.block(transactions, { view: (isAway ? 1 : 0) as View, proposer: isAway ? second : first });
  }
  async function term(): Promise<void> {
    const { term: number } = chain.info;
    while (chain.info.term === number) await blockOfOthers();
  }

  it('GOV-50, GOV-53: after so many terms it is an observer, with a line in the history', async () => {
    five(2);
    for (let i = 0; i < 2; i++) await term();
    expect(findNode(readRegistry(chain.state), away())?.role).toBe('validator');
    await term();
    const node = findNode(readRegistry(chain.state), away());
    expect(node).toMatchObject({ role: 'observer', weight: 0, reason: 'absent for 2 terms' });
    expect(chain.info.validators.map(({ nodeId }) => nodeId)).not.toContain(away());
    const last = readHistoryEntry(chain.state, readHistoryCount(chain.state) - 1);
    expect(last).toMatchObject({
      transactionHash: '0'.repeat(64),
      cause: 'absent for 2 terms',
      subject: `node ${away()}`,
    });
    // It returns by the door of every candidate.
    await govern(chain, [onNodes(addSealer(away(), 1n))], { acceptRisk: true });
    expect(findNode(readRegistry(chain.state), away())?.role).toBe('candidate');
  });

  it('GOV-50, GOV-51: never when it is switched off, and never below four', async () => {
    five(0);
    for (let i = 0; i < 6; i++) await term();
    expect(findNode(readRegistry(chain.state), away())?.role).toBe('validator');
    chain = new TestChain({ parameters: { leaderPeriod: 2, window: 2, demotionTerms: 1 } });
    for (let i = 0; i < 6; i++) await term();
    expect(findNode(readRegistry(chain.state), away())?.role).toBe('validator');
  });

  it('GOV-52: who votes without leading shows it, and stays', async () => {
    five(2);
    const prove = async (height: number, key = keyOfNode(away())): Promise<unknown> => {
      const signed = { genesisHash: chain.hashes[0] as HashHex, term: chain.info.term, height: height as Height };
      const digest = certificateDigest(suite, { ...signed, blockHash: chain.hashes[height] as HashHex });
      const data = encodeCall(
        'provePresence(string,uint256,bytes)',
        ['string', 'uint256', 'bytes'],
        [away(), BigInt(height), suite.sign(digest, key)],
      );
      const transaction = chain.sign(STRANGER, { to: CONSENSUS_ADDRESS, data, gasLimit: 500_000n });
      return codeOf((await blockOfOthers([transaction])).receipts[0]?.output as Uint8Array);
    };
    const roleOf = (): string | undefined => findNode(readRegistry(chain.state), away())?.role;
    await blockOfOthers();
    expect(await prove(1)).toBe(BigInt(CODES.notAbsent));
    await term();
    await blockOfOthers();
    // Of another term, and of somebody else.
    expect(await prove(2)).toBe(BigInt(CODES.invalidProof));
    await term();
    await blockOfOthers();
    expect(await prove(chain.header.height, keyOfNode(nodeIds[1] as string))).toBe(BigInt(CODES.invalidProof));
    await term();
    expect(roleOf()).toBe('observer');

    five(2);
    await term();
    await blockOfOthers();
    expect(await prove(chain.header.height)).toBe(0n);
    // Without it the second of its terms would have been the last.
    await term();
    await term();
    expect(roleOf()).toBe('validator');
    await term();
    expect(roleOf()).toBe('observer');
  });
});

const keyOfNode = (nodeId: string): Uint8Array =>
  [0, 1, 2, 3, 4].map((n) => keyOf(100 + n)).find((key) => suite.nodeIdOf(key) === nodeId) as Uint8Array;

describe('GOV-55, EXE-9: proof of misbehaviour', () => {
  const guilty = nodeIds[2] as string;
  function proof(term: number): readonly [Uint8Array, Uint8Array] {
    const genesisHash = chain.hashes[0] as HashHex;
    const message = (digest: string): Uint8Array => {
      const body = {
        type: 'prepare',
        term: term as Term,
        sender: 2 as ValidatorIndex,
        view: 0 as View,
        height: 5 as Height,
        digest: digest.repeat(32) as HashHex,
      } as const;
      const signature = suite.sign(pbftSigningDigest(suite, genesisHash, body), keyOfNode(guilty));
      return encodePbftMessage({ ...body, signature } as PbftMessage);
    };
    return [message('aa'), message('bb')];
  }
  const bring = async (first: Uint8Array, second: Uint8Array, nodeId = guilty): Promise<unknown> => {
    const data = encodeCall(
      'suspendForMisbehaviour(string,bytes,bytes)',
      ['string', 'bytes', 'bytes'],
      [nodeId, first, second],
    );
    return codeOf((await sendTo(chain, STRANGER, [CONSENSUS_ADDRESS, data])).output);
  };

  it('GOV-55, EXE-9: anybody suspends whom it proves, once; the committee lets it in again', async () => {
    chain = new TestChain({ parameters: { leaderPeriod: 100, window: 2 } });
    const [first, second] = proof(0);
    expect(await bring(first, first)).toBe(BigInt(CODES.invalidProof));
    expect(await bring(first, second, nodeIds[1] as string)).toBe(BigInt(CODES.invalidProof));
    expect(await bring(first, second)).toBe(0n);
    expect(findNode(readRegistry(chain.state), guilty)).toMatchObject({
      role: 'suspended',
      reason: 'signed two different messages: prepare of term 0',
    });
    expect(readHistoryEntry(chain.state, 0)?.cause).toBe('misbehaviour: two prepare messages in term 0');
    expect(await bring(first, second)).toBe(BigInt(CODES.alreadySuspended));
    await govern(chain, [onNodes(addObserver(guilty))]);
    expect(findNode(readRegistry(chain.state), guilty)?.role).toBe('observer');
    expect(await bring(first, second)).toBe(BigInt(CODES.alreadyPunished));
  });

  it('GOV-55: a proof of another chain, or of a stranger, is none', async () => {
    const [first, second] = proof(0);
    const other = new TestChain({ parameters: { leaderPeriod: 99, window: 2 } });
    chain = other;
    expect(await bring(first, second)).toBe(BigInt(CODES.invalidProof));
    expect(new Wallet(1).address).toBe(chain.wallet(1).address);
    expect(nodeWallet(2).key).toEqual(keyOfNode(guilty));
    expect(setWeight(guilty, 1n).length).toBeGreaterThan(0);
  });
});

/** Life of a proposal: made, voted on, revoked, carried out, outdated; and what each governor's word weighs. */
import { describe, expect, it } from 'vitest';
import {
  type Action,
  MEMBERSHIP_CODES as CODES,
  carryOut,
  expire,
  findNode,
  type Governed,
  governorOf,
  INTERVAL_MAX,
  OPEN_PROPOSAL_COUNT_MAX,
  OWN_PROPOSAL_COUNT_MAX,
  outcomeOf,
  PROMOTION_HEIGHTS,
  type ProposalRequest,
  propose,
  revoke,
  type Step,
  statusAt,
  statusNumber,
  tallyOf,
  vote,
  withNode,
} from '../src/index.ts';
import { admin, caller, codeOf, committeeOf, done, governedOf, height, nodeIdAt, registryOf } from './kit.ts';

const newcomer = nodeIdAt(7);
const window4: Action = { type: 'setParameter', key: 'hansa_window', value: '4' };
const addObserver: Action = { type: 'addObserver', nodeId: newcomer, organisationId: 'org9', addresses: [] };
const promote: Action = { type: 'addSealer', nodeId: newcomer, weight: 1n };
const removeThird: Action = { type: 'remove', nodeId: nodeIdAt(3) };

const request = (actions: readonly Action[], over: Partial<ProposalRequest> = {}): ProposalRequest => ({
  actions,
  acceptRisk: false,
  interval: 100n,
  reason: '',
  ...over,
});
const made = (governed: Governed, actions: readonly Action[], over: Partial<ProposalRequest> = {}): Step =>
  done(propose(governed, request(actions, over), caller(1)));
const voted = (step: Step, ...ballots: readonly (readonly [number, boolean])[]): Step =>
  ballots.reduce((current, [who, agrees]) => done(vote(current, agrees, caller(who, 8))), step);

describe('GOV-20: a proposal is made', () => {
  it('GOV-20: by a governor, with its own vote, a number and the effect', () => {
    const { governed, proposal } = made(governedOf(4), [window4], { reason: 'less in flight' });
    expect(proposal).toMatchObject({
      id: 1,
      organisationId: 'org0',
      proposer: admin(1),
      createdAt: 7,
      deadline: 107,
      acceptRisk: false,
      reason: 'less in flight',
      ballots: [{ voter: admin(1), agrees: true }],
      status: 'open',
      code: 0,
    });
    expect(proposal.effect.risks).toEqual([]);
    const open = [{ id: 1, organisationId: 'org0', deadline: 107 }];
    expect(governed.committee).toMatchObject({ proposalCount: 1, openProposals: open });
    expect(governed.parameters.window).toBe(8);
    expect(made(governed, [window4]).proposal.id).toBe(2);
  });

  it('GOV-20: a stranger, an admin of no governor, and a wrong interval or reason are refused', () => {
    const two = governedOf(4, { committee: committeeOf(2) });
    for (const who of [99, 3]) expect(codeOf(propose(two, request([window4]), caller(who)))).toBe(CODES.noPermission);
    for (const interval of [0n, -1n, BigInt(INTERVAL_MAX) + 1n, 2n ** 255n])
      expect(codeOf(propose(two, request([window4], { interval }), caller(1)))).toBe(CODES.invalidInterval);
    expect(codeOf(propose(two, request([window4], { interval: BigInt(INTERVAL_MAX) }), caller(1)))).toBe(0);
    for (const reason of ['x'.repeat(257), 'a\nb'])
      expect(codeOf(propose(two, request([window4], { reason }), caller(1)))).toBe(CODES.invalidReason);
  });

  it('GOV-20: what is impossible now is refused at once', () => {
    expect(codeOf(propose(governedOf(4), request([{ type: 'remove', nodeId: newcomer }]), caller(1)))).toBe(
      CODES.nodeNotExist,
    );
    expect(codeOf(propose(governedOf(4), request([]), caller(1)))).toBe(CODES.actionCount);
  });

  it('GOV-20: the number of open proposals is bounded, and nobody takes it all', () => {
    const open = (count: number, organisationId: string): Governed['committee']['openProposals'] =>
      Array.from({ length: count }, (_, i) => ({ id: i + 1, organisationId, deadline: height(100) }));
    const code = (openProposals: Governed['committee']['openProposals']): number =>
      codeOf(propose(governedOf(4, { committee: committeeOf(4, { openProposals }) }), request([window4]), caller(1)));
    expect(code(open(OWN_PROPOSAL_COUNT_MAX - 1, 'org0'))).toBe(0);
    expect(code(open(OWN_PROPOSAL_COUNT_MAX, 'org0'))).toBe(CODES.tooManyProposals);
    expect(code([...open(OPEN_PROPOSAL_COUNT_MAX - 1, 'org1'), ...open(1, 'org0')])).toBe(CODES.tooManyProposals);
    expect(code(open(OPEN_PROPOSAL_COUNT_MAX, 'org1'))).toBe(0);
  });

  it('GOV-31: a risk must be accepted', () => {
    const result = propose(governedOf(4), request([removeThird]), caller(1));
    expect(result).toMatchObject({
      error: {
        code: CODES.risk,
        message: 'no faulty validator is tolerated any more: it needs acceptRisk and two thirds of all weight',
      },
    });
    expect(made(governedOf(4), [removeThird], { acceptRisk: true }).proposal.effect.risks).toHaveLength(1);
  });
});

describe('GOV-21, GOV-22: votes', () => {
  it('GOV-22: three of four are enough, and the change takes effect', () => {
    const two = voted(made(governedOf(4), [window4]), [2, true]);
    expect(two.proposal.status).toBe('open');
    const three = voted(two, [3, true]);
    expect(three.proposal).toMatchObject({ status: 'passed', since: 8, code: 0 });
    expect(three.governed.parameters.window).toBe(4);
    expect(three.governed.committee.openProposals).toEqual([]);
  });

  it('GOV-22: a single governor decides alone at once', () => {
    expect(made(governedOf(4, { committee: committeeOf(1) }), [window4]).proposal.status).toBe('passed');
  });

  it('GOV-22: denied as soon as it cannot pass any more, whoever agrees yet', () => {
    const one = voted(made(governedOf(4), [window4]), [2, false]);
    expect(one.proposal.status).toBe('open');
    const denied = voted(one, [3, false]);
    expect(denied.proposal.status).toBe('denied');
    expect(denied.governed.parameters.window).toBe(8);
    expect(denied.governed.committee.openProposals).toEqual([]);
  });

  it('GOV-22: of four, two for and one against are two thirds', () => {
    expect(voted(made(governedOf(4), [window4]), [2, false], [3, true]).proposal.status).toBe('passed');
  });

  it('GOV-31: a risky proposal needs two thirds of all weight', () => {
    const risky = voted(made(governedOf(4), [removeThird], { acceptRisk: true }), [2, false], [3, true]);
    expect(risky.proposal.status).toBe('open');
    const passed = voted(risky, [4, true]);
    expect(passed.proposal.status).toBe('passed');
    expect(passed.governed.registry.nodes).toHaveLength(3);
    expect(outcomeOf(committeeOf(6, { participationRate: 1 }), { agree: 3, against: 0, total: 6 }, false)).toBe(
      'passed',
    );
    expect(outcomeOf(committeeOf(6, { participationRate: 1 }), { agree: 3, against: 0, total: 6 }, true)).toBe('open');
    expect(outcomeOf(committeeOf(6, { participationRate: 1 }), { agree: 4, against: 0, total: 6 }, true)).toBe(
      'passed',
    );
    expect(outcomeOf(committeeOf(6), { agree: 0, against: 0, total: 6 }, false)).toBe('open');
  });

  it('GOV-21: an account that is no governor cannot vote, and nobody votes the same twice', () => {
    const step = made(governedOf(4), [window4]);
    expect(codeOf(vote(step, true, caller(99)))).toBe(CODES.noPermission);
    expect(codeOf(vote(step, true, caller(1)))).toBe(CODES.alreadyVoted);
    const changed = voted(step, [1, false]);
    expect(changed.proposal.ballots).toEqual([{ voter: admin(1), agrees: false }]);
  });

  it('GOV-21: an organisation speaks when as many accounts as its threshold agree', () => {
    const base = registryOf(2);
    const organisations = base.organisations.map((each, i) =>
      i === 0 ? { ...each, admins: [admin(1), admin(11), admin(12)], threshold: 2 } : each,
    );
    const registry = { ...base, organisations };
    const committee = committeeOf(2, { participationRate: 50, winRate: 50 });
    const governed = governedOf(2, { registry, committee });
    const tally = (...ballots: readonly (readonly [number, boolean])[]): unknown =>
      tallyOf(
        committee,
        registry,
        ballots.map(([who, agrees]) => ({ voter: admin(who), agrees })),
      );
    expect(tally([1, true])).toEqual({ agree: 0, against: 0, total: 2 });
    expect(tally([1, true], [11, true])).toEqual({ agree: 1, against: 0, total: 2 });
    expect(tally([1, false], [11, true], [12, false])).toEqual({ agree: 0, against: 1, total: 2 });
    // Who acts for it no more does not count, and a governor without an organisation says nothing.
    expect(tally([77, true], [78, true])).toEqual({ agree: 0, against: 0, total: 2 });
    const gone = { ...registry, organisations: registry.organisations.slice(1) };
    expect(tallyOf(committee, gone, [{ voter: admin(1), agrees: true }])).toEqual({ agree: 0, against: 0, total: 2 });
    const step = made(governed, [window4]);
    expect(step.proposal.status).toBe('open');
    expect(voted(step, [12, true]).proposal.status).toBe('passed');
    expect(governorOf(committee, registry, admin(12))?.organisationId).toBe('org0');
    expect(governorOf(committee, registry, admin(99))).toBeUndefined();
  });
});

describe('GOV-23: time', () => {
  it('GOV-23: a vote at the deadline counts, one after it is refused', () => {
    const step = made(governedOf(4), [window4], { interval: 1n });
    expect(codeOf(vote(step, true, caller(2, 8)))).toBe(0);
    expect(vote(step, true, caller(2, 9))).toMatchObject({
      error: { code: CODES.proposalNotOpen, message: 'proposal 1 is outdated, it cannot be voted on' },
    });
    expect(statusAt(step.proposal, height(8))).toBe('open');
    expect(statusAt(step.proposal, height(9))).toBe('outdated');
  });

  it('GOV-23: an open one ends after its deadline', () => {
    const step = made(governedOf(4), [window4], { interval: 1n });
    expect(expire(step, height(7))).toBeUndefined();
    const ended = expire(step, height(8));
    expect(ended?.proposal.status).toBe('outdated');
    expect(ended?.governed.committee.openProposals).toEqual([]);
  });

  it('GOV-23: what is settled is not voted on', () => {
    const passed = voted(made(governedOf(4), [window4]), [2, true], [3, true]);
    expect(codeOf(vote(passed, false, caller(4, 8)))).toBe(CODES.proposalNotOpen);
  });

  it('GOV-27: numbers of FISCO BCOS', () => {
    expect((['open', 'waiting', 'passed', 'denied', 'revoked', 'outdated'] as const).map(statusNumber)).toEqual([
      1, 2, 2, 3, 4, 5,
    ]);
  });
});

describe('GOV-24: carried out', () => {
  it('GOV-24: what has become impossible meanwhile changes nothing, and its code is kept', () => {
    const step = voted(made(governedOf(5, { registry: registryOf(5) }), [removeThird]), [2, true], [3, true]);
    const without = {
      ...step.governed,
      registry: {
        ...step.governed.registry,
        nodes: step.governed.registry.nodes.filter(({ nodeId }) => nodeId !== nodeIdAt(3)),
      },
    };
    const passed = voted({ governed: without, proposal: step.proposal }, [4, true]);
    expect(passed.proposal).toMatchObject({ status: 'passed', code: CODES.nodeNotExist });
    expect(passed.governed.registry).toBe(without.registry);
  });

  it('GOV-24, GOV-31: what has become risky meanwhile is not done unless the risk was accepted', () => {
    // Harmless with five validators, risky with the four that are left when it passes.
    const shrink = (step: Step): Step => {
      const { registry } = step.governed;
      const nodes = registry.nodes.filter(({ nodeId }) => nodeId !== nodeIdAt(4));
      return { ...step, governed: { ...step.governed, registry: { ...registry, nodes } } };
    };
    const careful = shrink(made(governedOf(5, { committee: committeeOf(4) }), [removeThird]));
    expect(voted(careful, [2, true], [3, true]).proposal).toMatchObject({ status: 'passed', code: CODES.risk });
    const bold = shrink(made(governedOf(5, { committee: committeeOf(4) }), [removeThird], { acceptRisk: true }));
    expect(voted(bold, [2, true], [3, true]).proposal).toMatchObject({ status: 'passed', code: 0 });
    // Accepted, but not by two thirds of all weight.
    const weak = shrink(made(governedOf(5, { committee: committeeOf(4) }), [removeThird], { acceptRisk: true }));
    expect(voted(weak, [2, false], [3, true]).proposal).toMatchObject({ status: 'passed', code: CODES.risk });
  });
});

describe('GOV-25: revoked', () => {
  it('GOV-25: by the organisation that made it, and while it is open', () => {
    const step = made(governedOf(4), [window4]);
    expect(codeOf(revoke(step, caller(2)))).toBe(CODES.noPermission);
    expect(codeOf(revoke(step, caller(99)))).toBe(CODES.noPermission);
    const revoked = done(revoke(step, caller(1)));
    expect(revoked.proposal.status).toBe('revoked');
    expect(revoked.governed.committee.openProposals).toEqual([]);
    expect(codeOf(revoke(revoked, caller(1)))).toBe(CODES.proposalNotOpen);
    expect(codeOf(revoke(step, caller(1, 500)))).toBe(CODES.proposalNotOpen);
  });
});

describe('GOV-40, GOV-42, GOV-43: candidates', () => {
  const one = committeeOf(1);
  const base = registryOf(4);
  const org9 = { id: 'org9', name: 'Newcomer', contact: '', admins: [admin(90)], threshold: 1 };
  const registry = { ...base, organisations: [...base.organisations, org9] };
  const withObserver = made(governedOf(4, { registry, committee: one }), [addObserver]).governed;
  const waiting = made(withObserver, [promote, window4, { type: 'setWeight', nodeId: nodeIdAt(0), weight: 1n }]);

  it('GOV-40: a passed promotion makes a candidate, and nothing of the proposal takes effect yet', () => {
    expect(waiting.proposal).toMatchObject({ status: 'waiting', deadline: 7 + PROMOTION_HEIGHTS });
    expect(findNode(waiting.governed.registry, newcomer)).toMatchObject({
      role: 'candidate',
      weight: 1,
      reason: 'proposal 2',
    });
    expect(waiting.governed.parameters.window).toBe(8);
    expect(waiting.governed.committee.openProposals).toEqual([
      { id: 2, organisationId: 'org0', deadline: 7 + PROMOTION_HEIGHTS },
    ]);
    expect(codeOf(vote(waiting, false, caller(1)))).toBe(CODES.proposalNotOpen);
  });

  it('GOV-40: a promotion that waits keeps its deadline when another one begins to wait', () => {
    const other = nodeIdAt(8);
    const added = made(waiting.governed, [{ ...addObserver, nodeId: other } as Action]);
    const later = done(
      propose(added.governed, request([{ type: 'addSealer', nodeId: other, weight: 1n }]), caller(1, 20)),
    );
    expect(later.proposal).toMatchObject({ id: 4, status: 'waiting' });
    expect(later.governed.committee.openProposals).toEqual([
      { id: 2, organisationId: 'org0', deadline: 7 + PROMOTION_HEIGHTS },
      { id: 4, organisationId: 'org0', deadline: 20 + PROMOTION_HEIGHTS },
    ]);
  });

  it('GOV-40: one validator among them only changes its weight', () => {
    const again = made(withObserver, [promote, { type: 'addSealer', nodeId: nodeIdAt(0), weight: 1n }]);
    expect(findNode(again.governed.registry, nodeIdAt(0))?.role).toBe('validator');
    expect(made(withObserver, [{ type: 'addSealer', nodeId: nodeIdAt(0), weight: 1n }]).proposal.status).toBe('passed');
  });

  it('GOV-40: a second proposal leaves a candidate alone', () => {
    expect(codeOf(propose(waiting.governed, request([promote]), caller(1)))).toBe(CODES.isCandidate);
  });

  it('GOV-24, MEM-13: neither does one that was made before it became a candidate, and passes now', () => {
    const four = { ...committeeOf(4), participationRate: 60, winRate: 60 };
    const removal = made({ ...withObserver, committee: four }, [{ type: 'remove', nodeId: newcomer }]);
    const promotion = voted(made(removal.governed, [promote]), [2, true], [3, true]);
    expect(promotion.proposal.status).toBe('waiting');
    const passed = voted({ governed: promotion.governed, proposal: removal.proposal }, [2, true], [3, true]);
    expect(passed.proposal).toMatchObject({ status: 'passed', code: CODES.isCandidate });
    expect(findNode(passed.governed.registry, newcomer)?.role).toBe('candidate');
  });

  it('GOV-42: all of it takes effect together when it is carried out', () => {
    const carried = carryOut(waiting, caller(1, 9));
    expect(carried.proposal).toMatchObject({ status: 'passed', since: 9, code: 0 });
    expect(findNode(carried.governed.registry, newcomer)).toMatchObject({ role: 'validator', weight: 1, since: 9 });
    expect(carried.governed.parameters.window).toBe(4);
  });

  it('GOV-43: not attested in time, the candidate is an observer again', () => {
    expect(expire(waiting, height(6 + PROMOTION_HEIGHTS))).toBeUndefined();
    const ended = expire(waiting, height(7 + PROMOTION_HEIGHTS));
    expect(ended?.proposal.status).toBe('outdated');
    expect(findNode(ended?.governed.registry as never, newcomer)).toMatchObject({
      role: 'observer',
      weight: 0,
      reason: 'proposal 2: not attested in time',
    });
  });

  it('GOV-25, GOV-43: revoked while it waits, and failed when it is carried out', () => {
    const revoked = done(revoke(waiting, caller(1, 9)));
    expect(revoked.proposal.status).toBe('revoked');
    expect(findNode(revoked.governed.registry, newcomer)?.role).toBe('observer');
    const { registry: present } = waiting.governed;
    const nodes = present.nodes.filter(({ nodeId }) => nodeId !== nodeIdAt(0));
    const changed = { ...waiting.governed, registry: { ...present, nodes } };
    const failed = carryOut({ governed: changed, proposal: waiting.proposal }, caller(1, 9));
    expect(failed.proposal).toMatchObject({ status: 'passed', code: CODES.nodeNotExist });
    expect(findNode(failed.governed.registry, newcomer)).toMatchObject({
      role: 'observer',
      reason: 'proposal 2: the proposal failed',
    });
  });

  it('GOV-40: what has become impossible before it passes nominates nobody', () => {
    const open = made(governedOf(4, { registry: withObserver.registry }), [promote]);
    const { registry: present } = open.governed;
    const without = {
      ...open.governed,
      registry: { ...present, nodes: present.nodes.filter(({ nodeId }) => nodeId !== newcomer) },
    };
    expect(voted({ ...open, governed: without }, [2, true], [3, true]).proposal).toMatchObject({
      status: 'passed',
      code: CODES.addSealerShouldBeObserver,
    });
  });

  it('GOV-40, GOV-31: nor does what has become risky, unless the risk was accepted', () => {
    // With the newcomer and a second node of org0 it is harmless among six, and not among five.
    const second = { ...(base.nodes[0] as (typeof base.nodes)[number]), nodeId: nodeIdAt(9), organisationId: 'org9' };
    const six = withNode(withObserver.registry, second);
    for (const acceptRisk of [false, true]) {
      const open = made(governedOf(4, { registry: six }), [promote], { acceptRisk });
      const nodes = open.governed.registry.nodes.filter(({ nodeId }) => nodeId !== nodeIdAt(3));
      const smaller = { ...open, governed: { ...open.governed, registry: { ...six, nodes } } };
      const passed = voted(smaller, [2, true], [3, true]).proposal;
      expect(passed).toMatchObject(
        acceptRisk ? { status: 'waiting', code: 0 } : { status: 'passed', code: CODES.risk },
      );
    }
  });

  it('GOV-43: a candidate that is gone is not made an observer', () => {
    const { registry: present } = waiting.governed;
    const gone = {
      ...waiting.governed,
      registry: { ...present, nodes: present.nodes.filter(({ nodeId }) => nodeId !== newcomer) },
    };
    const ended = expire({ governed: gone, proposal: waiting.proposal }, height(7 + PROMOTION_HEIGHTS));
    expect(ended?.governed.registry).toBe(gone.registry);
  });
});

/** Words and subjects of actions. */
import { describe, expect, it } from 'vitest';
import { type Action, describeAction, subjectOf } from '../src/index.ts';
import { admin, nodeIdAt } from './kit.ts';

const newcomer = nodeIdAt(7);
const observer = (addresses: readonly string[] | undefined): Action => ({
  type: 'addObserver',
  nodeId: newcomer,
  organisationId: 'org0',
  addresses,
});
const bank: Action = {
  type: 'setOrganisation',
  id: 'BankG',
  name: 'Bank G',
  contact: '',
  admins: [admin(50), admin(40)],
  threshold: 2,
};

describe('GOV-11', () => {
  it('GOV-11: every action has words and a subject', () => {
    const account = admin(5);
    const all: readonly (readonly [Action, RegExp, string])[] = [
      [bank, /^organisation BankG is "Bank G", 2 of 2 admin accounts/, 'organisation BankG'],
      [{ type: 'removeOrganisation', id: 'A' }, /^organisation A is removed$/, 'organisation A'],
      [observer(['/ip4/1.2.3.4/tcp/1']), /is an observer of org0 at \/ip4/, `node ${newcomer}`],
      [observer(undefined), /is an observer of org0$/, `node ${newcomer}`],
      [observer([]), /is an observer of org0$/, `node ${newcomer}`],
      [{ type: 'addSealer', nodeId: newcomer, weight: 2n }, /is a validator with weight 2$/, `node ${newcomer}`],
      [{ type: 'setWeight', nodeId: newcomer, weight: 2n }, /has weight 2$/, `node ${newcomer}`],
      [{ type: 'remove', nodeId: newcomer }, /is removed$/, `node ${newcomer}`],
      [{ type: 'suspend', nodeId: newcomer }, /is suspended$/, `node ${newcomer}`],
      [{ type: 'setParameter', key: 'k', value: 'v' }, /^k is v$/, 'parameter k'],
      [{ type: 'setGovernor', organisationId: 'A', weight: 3n }, /^governor A has weight 3$/, 'governor A'],
      [{ type: 'setRates', participationRate: 1, winRate: 2 }, /^participation 1 %, win 2 %$/, 'rates'],
      [{ type: 'setContractStatus', contract: account, status: 1 }, /is frozen$/, `status of contract 0x${account}`],
      [{ type: 'setAccountStatus', account, status: 2 }, /is abolished$/, `account 0x${account}`],
      [{ type: 'setDeployType', deployType: 1 }, /^who may deploy: white list$/, 'deploy permission'],
      [{ type: 'setDeployRight', account, isOpen: true }, /may deploy$/, `deploy right of 0x${account}`],
      [{ type: 'setDeployRight', account, isOpen: false }, /may not deploy$/, `deploy right of 0x${account}`],
      [
        { type: 'resetAdmin', contract: account, admin: account },
        /is admin of contract/,
        `admin of contract 0x${account}`,
      ],
    ];
    for (const [action, words, subject] of all) {
      expect(describeAction(action)).toMatch(words);
      expect(subjectOf(action)).toBe(subject);
    }
  });
});

/** Words and subjects of actions. */
import { bytesToHex } from '@hansa/primitives';
import { Reader, Writer } from '@hansa/protocol';
import { describe, expect, it } from 'vitest';
import { readAction, writeAction } from '../src/action.ts';
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

  const u8 = (value: number): string => value.toString(16).padStart(2, '0');
  const u32 = (value: number): string => value.toString(16).padStart(8, '0');
  const u256 = (value: number): string => value.toString(16).padStart(64, '0');
  const text = (value: string): string => u32(Buffer.byteLength(value)) + Buffer.from(value).toString('hex');
  const [one, two] = [admin(40), admin(50)];
  const ENCODED: readonly (readonly [Action, string])[] = [
    [
      { type: 'setOrganisation', id: 'A', name: 'é', contact: '', admins: [one, two], threshold: 2 },
      ['00', text('A'), text('é'), text(''), u32(2), one, two, u32(2)].join(''),
    ],
    [{ type: 'removeOrganisation', id: 'A' }, `01${text('A')}`],
    [observer(undefined), `02${newcomer}${text('org0')}${u32(0)}`],
    [observer(['/a', '/b']), `02${newcomer}${text('org0')}${u32(1)}${u32(2)}${text('/a')}${text('/b')}`],
    [{ type: 'addSealer', nodeId: newcomer, weight: 2n }, `03${newcomer}${u256(2)}`],
    [{ type: 'setWeight', nodeId: newcomer, weight: 3n }, `04${newcomer}${u256(3)}`],
    [{ type: 'remove', nodeId: newcomer }, `05${newcomer}`],
    [{ type: 'suspend', nodeId: newcomer }, `06${newcomer}`],
    [{ type: 'setParameter', key: 'k', value: 'v' }, `07${text('k')}${text('v')}`],
    [{ type: 'setGovernor', organisationId: 'A', weight: 3n }, `08${text('A')}${u256(3)}`],
    [{ type: 'setRates', participationRate: 1, winRate: 100 }, `09${u8(1)}${u8(100)}`],
    [{ type: 'setContractStatus', contract: one, status: 1 }, `0a${one}01`],
    [{ type: 'setAccountStatus', account: one, status: 2 }, `0b${one}02`],
    [{ type: 'setDeployType', deployType: 1 }, '0c01'],
    [{ type: 'setDeployRight', account: one, isOpen: true }, `0d${one}01`],
    [{ type: 'resetAdmin', contract: one, admin: two }, `0e${one}${two}`],
  ];
  const read = (hex: string) => {
    const reader = new Reader(Uint8Array.from(Buffer.from(hex, 'hex')), 'action');
    return reader.finish(readAction(reader));
  };

  it.each(ENCODED)('GOV-11: the bytes of $type are those of the table', (action, expected) => {
    const writer = new Writer(64);
    writeAction(writer, action);
    expect(bytesToHex(writer.finish())).toBe(expected);
    expect(read(expected)).toEqual({ ok: true, value: action });
  });

  it('GOV-11: a number that no action has, and text that is not UTF-8, are refused', () => {
    expect(read('0f')).toMatchObject({ error: { code: 'PROTOCOL_OUT_OF_RANGE' } });
    expect(read(`07${u32(1)}ff${text('v')}`)).toMatchObject({ error: { code: 'PROTOCOL_NOT_CANONICAL' } });
  });
});

/** Lines for logs, traces and scenario files: each kind is named, with what tells it from others. */
import type { HashHex, Height, NodeId, Term, ValidatorIndex } from '@hansa/primitives';
import type { Verified } from '@hansa/protocol';
import { expect, test } from 'vitest';
import { describeEffect, describeInput, type PbftEffect, type PbftInput, type PbftReport } from '../src/index.ts';
import { Cluster } from './cluster.ts';
import { certificate, message, strange, view } from './messages.ts';

const digest = 'd1'.repeat(32) as HashHex;
const blockHash = 'b1'.repeat(32) as HashHex;
const nodeId = 'aa'.repeat(64) as NodeId;
const height = 7 as Height;
const term = 3 as Term;
const { proposal } = strange(new Cluster());
const head = new Cluster().genesisHead();

const INPUTS: readonly (readonly [PbftInput, string])[] = [
  [{ type: 'tick', tick: 5, clockMs: 0 }, 'tick 5'],
  [
    { type: 'message', message: message('prepare', 2, { view: view(1), height, digest }), from: nodeId },
    'message PREPARE v1 h7 d1d1d1d1 by 2 from aaaaaaaa',
  ],
  [{ type: 'otherTerm', term, from: nodeId }, 'otherTerm 3 from aaaaaaaa'],
  [
    { type: 'propose', term, view: view(1), height, parentDigest: digest, proposed: { proposal, digest } },
    'propose v1 h7 d1d1d1d1',
  ],
  [
    { type: 'propose', term, view: view(1), height, parentDigest: digest, proposed: undefined },
    'propose v1 h7 nothing',
  ],
  [{ type: 'validated', digest, verdict: { type: 'invalid', reason: 'x' } }, 'validated d1d1d1d1 invalid'],
  [{ type: 'body', proposal, digest }, 'body h1 d1d1d1d1'],
  [{ type: 'executed', height, digest, blockHash }, 'executed h7 d1d1d1d1 block b1b1b1b1'],
  [
    { type: 'diverged', height, digest, ownBlockHash: digest, certificate: { height, blockHash, signatures: [] } },
    'diverged h7: own d1d1d1d1, quorum b1b1b1b1',
  ],
  [{ type: 'committed', head: { ...head, height, blockHash } }, 'committed h7 block b1b1b1b1 term 0'],
  [
    { type: 'poolState', pool: { hasExecutable: true, hasWaiting: false, overtakenIn: undefined } },
    'poolState executable true waiting false',
  ],
  [{ type: 'peerConnected', nodeId }, 'peerConnected aaaaaaaa'],
  [{ type: 'incarnationAcknowledged', nodeId, incarnation: 4 }, 'incarnationAcknowledged 4 by aaaaaaaa'],
  [{ type: 'incarnationRefused', nodeId, incarnation: 4 }, 'incarnationRefused 4 by aaaaaaaa'],
  [{ type: 'finalHeight', nodeId, height }, 'finalHeight 7 of aaaaaaaa'],
];

test.each(INPUTS)('an input in one line: %#', (input, line) => expect(describeInput(input)).toBe(line));

const passed = (type: 'prepared' | 'commit'): PbftEffect => ({
  type: 'sendSigned',
  to: nodeId,
  message: {
    type: `${type}-certificate`,
    certificate: certificate({ height: 7, digest, view: 1 }),
  } as unknown as Verified<never>,
});

test('certificates that are passed on are told apart', () => {
  expect([passed('prepared'), passed('commit')].map(describeEffect)).toEqual([
    'pass on PC v1 h7 d1d1d1d1 to aaaaaaaa',
    'pass on CC v1 h7 d1d1d1d1 to aaaaaaaa',
  ]);
});

const common = { sender: 2 as ValidatorIndex, nodeId, first: passed('prepared'), second: passed('commit') } as never;
const REPORTS: readonly PbftReport[] = [
  { type: 'evidence', kind: 'prepare', ...(common as object) } as PbftReport,
  { type: 'divergence', height, digest, ownBlockHash: digest, quorumBlockHash: blockHash, certificate: undefined },
  { type: 'nondeterminism', height, signedBlockHash: digest, newBlockHash: blockHash },
  { type: 'secondCopy', detail: 'a vote' },
  { type: 'safetyViolation', rule: 'N4', detail: 'two decisions' },
  { type: 'rolledBack', ownIncarnation: 1, seenIncarnation: 2 },
  { type: 'ledgerBehindVotes', storeTerm: term, ledgerTerm: 1 as Term },
  {
    type: 'proposalRefused',
    view: view(1),
    height,
    proposer: 0 as ValidatorIndex,
    digest,
    reason: 'it is late',
  },
  { type: 'limitReached', what: 'bodies' },
];

test('each report in one line', () => {
  expect(REPORTS.map((report) => describeEffect({ type: 'report', report }))).toMatchInlineSnapshot(`
    [
      "report evidence: two of prepare by 2",
      "report divergence at h7: own d1d1d1d1, quorum b1b1b1b1",
      "report nondeterminism at h7: signed d1d1d1d1, now b1b1b1b1",
      "report second copy: a vote",
      "report safety violation N4: two decisions",
      "report vote store rolled back: incarnation 1, seen 2",
      "report ledger behind votes: store in term 3, ledger in 1",
      "report proposal refused v1 h7 d1d1d1d1: it is late",
      "report limit reached: bodies",
    ]
  `);
});

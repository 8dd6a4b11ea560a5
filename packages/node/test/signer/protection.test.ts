/** What a signer may sign after what it has signed: rule by rule, and by random votes of several forgetful nodes. */
import type { UnsignedPbftMessage } from '@hansa/consensus';
import type { HashHex } from '@hansa/primitives';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEIGHTS_MAX, Protection, type ProtectionRecord, type VoteInQuestion } from '../../src/signer/protection.ts';
import { decodeSignerRecord, encodeSignerRecord } from '../../src/signer/signer-record.ts';

const hashOf = (text: string): HashHex =>
  [...text]
    .map((char) => char.charCodeAt(0).toString(16).padStart(2, '0'))
    .join('')
    .padStart(64, '0')
    .slice(-64) as HashHex;
const D = hashOf('d');
const E = hashOf('e');
type Position = { readonly term?: number; readonly view?: number; readonly height?: number };

const question = (vote: object, parent?: HashHex): VoteInQuestion => ({
  vote: { sender: 0, ...vote } as UnsignedPbftMessage,
  signingDigest: hashOf(JSON.stringify(vote).slice(-32)),
  parent,
});
const order = (type: 'prepare' | 'commit', digest: HashHex, at: Position = {}, parent?: HashHex): VoteInQuestion => {
  const { term = 1, view = 0, height = 1 } = at;
  return question({ type, term, view, height, digest }, parent);
};
const prepare = (digest: HashHex, parent: HashHex, at?: Position): VoteInQuestion =>
  order('prepare', digest, at, parent);
const commit = (digest: HashHex, at?: Position): VoteInQuestion => order('commit', digest, at);
const proposal = (digest: HashHex, { term = 1, view = 0, height = 1 }: Position = {}): VoteInQuestion =>
  question({ type: 'proposal', term, view, digest, proposal: { height } });
const result = (blockHash: HashHex, { term = 1, height = 1 }: Position = {}): VoteInQuestion =>
  question({ type: 'result', term, height, blockHash });
const viewChange = (view: number, claim?: { view: number; height: number; digest: HashHex }): VoteInQuestion =>
  question({ type: 'view-change', term: 1, view, claim });
const newView = (view: number, mark: string): VoteInQuestion =>
  question({ type: 'new-view', term: 1, view, claims: [], mark });

const FINAL = { height: 0, proposalDigest: hashOf('final') };

function protection(): Protection {
  const made = new Protection();
  made.raiseFinal(FINAL);
  return made;
}
/** 'new', 'known', or the code of the refusal. */
function judge(of: Protection, asked: VoteInQuestion): string {
  const verdict = of.judge(asked);
  if ('refusal' in verdict) return verdict.refusal.code;
  return verdict.record === undefined ? 'known' : 'new';
}

describe('SGN-6: one content per slot', () => {
  it.each([
    ['PROPOSAL', proposal(D), proposal(E)],
    ['PREPARE', prepare(D, FINAL.proposalDigest), prepare(E, FINAL.proposalDigest)],
    ['COMMIT', commit(D), commit(E)],
    ['RESULT', result(D), result(E)],
    ['NEW-VIEW', newView(3, 'a'), newView(3, 'b')],
    ['VIEW-CHANGE', viewChange(3), viewChange(3, { view: 0, height: 1, digest: D })],
  ])('%s', (_name, first, second) => {
    const own = protection();
    expect([judge(own, first), judge(own, first), judge(own, second), judge(own, first)]).toEqual([
      'new',
      'known',
      'SIGNER_CONFLICT',
      'known',
    ]);
  });

  it('a RESULT of another term at the same height is another content', () => {
    const own = protection();
    expect([judge(own, result(D)), judge(own, result(D, { term: 2 }))]).toEqual(['new', 'SIGNER_CONFLICT']);
  });

  it('SUSPECT and STATUS contradict nothing', () => {
    const own = protection();
    for (const decidedHeight of [1, 2]) {
      expect(judge(own, question({ type: 'suspect', term: 1, view: 0, decidedHeight }))).toBe('known');
    }
    expect(judge(own, question({ type: 'status', term: 0, view: 0 }))).toBe('known');
  });
});

describe('SGN-7: views', () => {
  it('after a VIEW-CHANGE nothing new of a lower view is signed, but what is on record', () => {
    const own = protection();
    judge(own, commit(D));
    expect(judge(own, viewChange(2, { view: 0, height: 1, digest: D }))).toBe('new');
    expect(judge(own, commit(D))).toBe('known');
    expect(judge(own, commit(E, { height: 2 }))).toBe('SIGNER_OLD_VIEW');
    expect(judge(own, prepare(E, D, { view: 1, height: 2 }))).toBe('SIGNER_OLD_VIEW');
    expect(judge(own, proposal(E, { view: 1, height: 2 }))).toBe('SIGNER_OLD_VIEW');
    expect(judge(own, newView(1, 'a'))).toBe('SIGNER_OLD_VIEW');
    expect(judge(own, viewChange(1))).toBe('SIGNER_OLD_VIEW');
    expect(judge(own, prepare(D, FINAL.proposalDigest, { view: 2 }))).toBe('new');
  });

  it('a VIEW-CHANGE to a view in which was voted is not signed any more', () => {
    const own = protection();
    judge(own, prepare(D, FINAL.proposalDigest, { view: 1 }));
    expect([judge(own, viewChange(1)), judge(own, viewChange(2))]).toEqual(['SIGNER_OLD_VIEW', 'new']);
  });

  it.each([
    ['nothing', undefined, 'SIGNER_LOW_CLAIM'],
    ['a lower view', { view: 0, height: 9, digest: D }, 'SIGNER_LOW_CLAIM'],
    ['a lower height', { view: 1, height: 4, digest: D }, 'SIGNER_LOW_CLAIM'],
    ['another digest', { view: 1, height: 5, digest: E }, 'SIGNER_LOW_CLAIM'],
    ['the COMMIT itself', { view: 1, height: 5, digest: D }, 'new'],
    ['a greater height', { view: 1, height: 6, digest: E }, 'new'],
    ['a higher view', { view: 2, height: 1, digest: E }, 'new'],
  ])('a claim of %s after a COMMIT of view 1, height 5', (_name, claim, expected) => {
    const own = protection();
    for (const height of [5, 3]) judge(own, commit(D, { view: 1, height }));
    expect(judge(own, viewChange(3, claim))).toBe(expected);
  });

  it('remembers the highest COMMIT also when its height is final', () => {
    const own = protection();
    judge(own, commit(D, { view: 1, height: 5 }));
    own.raiseFinal({ height: 5, proposalDigest: D });
    expect(judge(own, viewChange(2))).toBe('SIGNER_LOW_CLAIM');
  });
});

describe('SGN-8: chain', () => {
  const A = hashOf('a');
  it('a PREPARE stands on the one below it', () => {
    const own = protection();
    expect(judge(own, prepare(A, FINAL.proposalDigest))).toBe('new');
    expect(judge(own, prepare(E, D, { height: 2 }))).toBe('SIGNER_GAP');
    expect(judge(own, prepare(E, A, { height: 3 }))).toBe('SIGNER_GAP');
    expect(judge(own, prepare(D, A, { height: 2 }))).toBe('new');
    expect(judge(own, prepare(E, D, { height: 3 }))).toBe('new');
  });

  it('in view 0 the first stands on the final block, in a later one it may be the tip', () => {
    const own = protection();
    expect(judge(own, prepare(D, A, { height: 2 }))).toBe('SIGNER_GAP');
    expect(judge(own, prepare(D, A))).toBe('SIGNER_GAP');
    expect(judge(own, prepare(D, A, { view: 1, height: 2 }))).toBe('new');
    expect(judge(own, prepare(E, D, { view: 1, height: 3 }))).toBe('new');
  });

  it('two NEW-VIEWs of a liar do not make two branches of one view', () => {
    const own = protection();
    expect(judge(own, prepare(D, A, { view: 1, height: 5 }))).toBe('new');
    expect(judge(own, prepare(E, A, { view: 1, height: 7 }))).toBe('SIGNER_GAP');
    expect(judge(own, prepare(E, A, { view: 1, height: 6 }))).toBe('SIGNER_GAP');
    expect(judge(own, prepare(A, E, { view: 1, height: 4 }))).toBe('new');
    expect(judge(own, prepare(D, FINAL.proposalDigest, { view: 1, height: 3 }))).toBe('SIGNER_GAP');
  });

  it('stands on the final block also when it was not prepared here, and only on the right one', () => {
    const own = protection();
    judge(own, prepare(D, FINAL.proposalDigest));
    own.raiseFinal({ height: 6, proposalDigest: A });
    expect(judge(own, prepare(E, D, { height: 7 }))).toBe('SIGNER_GAP');
    expect(judge(own, prepare(E, A, { height: 7 }))).toBe('new');
  });

  it('keeps the end of its run when that is final', () => {
    const own = protection();
    judge(own, prepare(D, FINAL.proposalDigest));
    own.raiseFinal({ height: 1, proposalDigest: D });
    expect(judge(own, prepare(E, D, { height: 2 }))).toBe('new');
    expect(judge(own, prepare(D, FINAL.proposalDigest))).toBe('known');
  });
});

describe('SGN-9: terms and heights', () => {
  it('nothing new of an older term, but RESULTs', () => {
    const own = protection();
    judge(own, commit(D, { term: 5 }));
    expect(judge(own, commit(D, { term: 4 }))).toBe('SIGNER_TOO_OLD');
    expect(judge(own, viewChange(9))).toBe('SIGNER_TOO_OLD');
    expect(judge(own, result(D, { term: 4 }))).toBe('new');
  });

  it('a new term begins in view 0', () => {
    const own = protection();
    judge(own, commit(D, { view: 7 }));
    expect(judge(own, commit(E, { term: 2, view: 0 }))).toBe('new');
  });

  it('nothing new at or below the final height, nor far above it', () => {
    const own = protection();
    own.raiseFinal({ height: 10, proposalDigest: D });
    own.raiseFinal({ height: 9, proposalDigest: E });
    expect(judge(own, commit(D, { height: 10 }))).toBe('SIGNER_TOO_OLD');
    expect(judge(own, commit(D, { height: 11 }))).toBe('new');
    expect(judge(own, commit(D, { height: 10 + HEIGHTS_MAX }))).toBe('new');
    expect(judge(own, commit(D, { height: 11 + HEIGHTS_MAX }))).toBe('SIGNER_TOO_FAR');
  });

  it('RESULTs far below the highest are not signed, unless they are on record', () => {
    const own = protection();
    judge(own, result(D, { height: 5 }));
    judge(own, result(D, { height: 6 + HEIGHTS_MAX }));
    expect(judge(own, result(D, { height: 6 }))).toBe('SIGNER_TOO_OLD');
    expect(judge(own, result(D, { height: 7 }))).toBe('new');
    expect(judge(own, result(D, { height: 5 }))).toBe('known');
    expect(judge(own, result(E, { height: 5 }))).toBe('SIGNER_CONFLICT');
  });

  it('what is kept is bounded', () => {
    const own = protection();
    for (let height = 1; height <= 5_000; height++) {
      const [digest, parent] = [hashOf(`d${height}`), height === 1 ? FINAL.proposalDigest : hashOf(`d${height - 1}`)];
      expect(judge(own, prepare(digest, parent, { height }))).toBe('new');
      judge(own, commit(digest, { height }));
      judge(own, result(digest, { height }));
      if (height > 8) own.raiseFinal({ height: height - 8, proposalDigest: hashOf(`d${height - 8}`) });
    }
    for (let view = 1; view <= 500; view++) {
      judge(own, commit(D, { view, height: 5_001 }));
      judge(own, viewChange(view + 1, { view, height: 5_001, digest: D }));
    }
    expect(own.live().length).toBeLessThan(2 * HEIGHTS_MAX + 32);
  });
});

/** A vote of one of several nodes, with small numbers so that they meet often. */
const anyQuestion: fc.Arbitrary<VoteInQuestion> = fc
  .record({
    type: fc.constantFrom('prepare', 'prepare', 'commit', 'commit', 'view-change', 'new-view', 'proposal', 'result'),
    term: fc.integer({ min: 1, max: 2 }),
    view: fc.integer({ min: 0, max: 3 }),
    height: fc.integer({ min: 1, max: 4 }),
    branch: fc.constantFrom('x', 'y'),
    claim: fc.option(fc.record({ view: fc.integer({ min: 0, max: 2 }), height: fc.integer({ min: 1, max: 4 }) })),
  })
  .map(({ type, term, view, height, branch, claim }) => {
    const digest = hashOf(`${branch}${height}`);
    const parent = height === 1 ? FINAL.proposalDigest : hashOf(`${branch}${height - 1}`);
    const at = { term, view, height };
    if (type === 'prepare') return prepare(digest, parent, at);
    if (type === 'commit') return commit(digest, at);
    if (type === 'proposal') return proposal(digest, at);
    if (type === 'result') return result(digest, { term, height });
    if (type === 'new-view') return question({ type, term, view, claims: [], branch });
    const claimed = claim === null ? undefined : { ...claim, digest: hashOf(`${branch}${claim.height}`) };
    return question({ type: 'view-change', term, view: view + 1, claim: claimed });
  });

type Signed = {
  type: string;
  term: number;
  view?: number;
  height?: number;
  digest?: HashHex;
  claim?: { view: number; height: number };
};

/** Safety of an identity, whoever speaks for it: no conflict, no vote below a VIEW-CHANGE, no claim below a COMMIT, one chain. */
function assertSafe(signed: readonly VoteInQuestion[]): void {
  const slots = new Map<string, HashHex>();
  const promised = new Map<number, number>();
  const committed = new Map<number, { view: number; height: number }>();
  const chain = new Map<string, { digest: HashHex; parent: HashHex | undefined }>();
  for (const { vote, signingDigest, parent } of signed) {
    const { type, term, view = 0, claim, ...rest } = vote as unknown as Signed & { proposal?: { height: number } };
    const height = rest.height ?? rest.proposal?.height ?? 0;
    const slot = type === 'result' ? `result/${height}` : `${type}/${term}/${view}/${height}`;
    const isNew = !slots.has(slot);
    expect(slots.get(slot) ?? signingDigest, slot).toBe(signingDigest);
    slots.set(slot, signingDigest);
    if (!isNew || type === 'result') continue;
    if (type === 'view-change') {
      const commitAt = committed.get(term);
      if (commitAt !== undefined) {
        expect(claim, 'a claim').toBeDefined();
        const order = (claim?.view ?? -1) - commitAt.view || (claim?.height ?? -1) - commitAt.height;
        expect(order).toBeGreaterThanOrEqual(0);
      }
      promised.set(term, Math.max(view, promised.get(term) ?? 0));
    } else expect(view, `${type} below a VIEW-CHANGE`).toBeGreaterThanOrEqual(promised.get(term) ?? 0);
    if (type === 'commit') {
      const known = committed.get(term);
      if (known === undefined || view > known.view || (view === known.view && height > known.height))
        committed.set(term, { view, height });
    }
    if (type === 'prepare') chain.set(`${term}/${view}/${height}`, { digest: rest.digest as HashHex, parent });
  }
  for (const [place, { parent }] of chain) {
    const [term, view, height] = place.split('/').map(Number) as [number, number, number];
    const below = chain.get(`${term}/${view}/${height - 1}`);
    if (below !== undefined) expect(parent, place).toBe(below.digest);
  }
}

describe('whatever several nodes ask in whatever order', () => {
  it('SGN-5: nothing contradicts, also across restarts and rewrites of the record', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            { weight: 12, arbitrary: anyQuestion },
            { weight: 1, arbitrary: fc.constantFrom('restart', 'rewrite') },
          ),
          {
            maxLength: 120,
          },
        ),
        (events) => {
          let own = protection();
          let log: ProtectionRecord[] = [{ type: 'final', ...FINAL }];
          const signed: VoteInQuestion[] = [];
          for (const event of events) {
            if (typeof event === 'string') {
              if (event === 'rewrite') log = own.live();
              own = new Protection();
              for (const record of log) own.restore(decodeSignerRecord(encodeSignerRecord(record)) as ProtectionRecord);
              continue;
            }
            const verdict = own.judge(event);
            if ('refusal' in verdict) continue;
            signed.push(event);
            if (verdict.record !== undefined) log.push(verdict.record);
          }
          assertSafe(signed);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

/** What all parts of one run share. */
import type { PbftConfig, RuleId } from '@hansa/consensus';
import type { ConsensusDigests } from '@hansa/node';
import type { HashHex, Height, Term } from '@hansa/primitives';
import type { Certificate, Proposal, TermInfo, ValidatorSet } from '@hansa/protocol';
import type { EventQueue } from './event-queue.ts';
import type { Member } from './member.ts';
import { type SimState, type SimTransaction, simExecute } from './sim-chain.ts';
import { simVerify } from './sim-crypto.ts';

/** Wall clock at virtual time 0. */
export const EPOCH_MS = 1_700_000_000_000;

/** What a node runs. A deliberately broken one shows that the checkers see. */
export type Program = Pick<
  typeof import('@hansa/node'),
  'ConsensusDriver' | 'createVoteStore' | 'openVoteStore' | 'replaceLostVoteStore'
>;

export type WorldOptions = {
  readonly settings: Partial<Omit<PbftConfig, 'nodeId' | 'incarnation' | 'instance' | 'onRule'>>;
  readonly compactBytesMin: number;
  readonly program: Program;
};

export type WorldParts = {
  readonly queue: EventQueue;
  readonly digests: ConsensusDigests;
  readonly genesis: SimState;
  readonly options: WorldOptions;
  readonly writeTrace: ((line: string) => void) | undefined;
};

const CERTIFICATES_MAX = 4096;

export class World {
  readonly queue: EventQueue;
  readonly digests: ConsensusDigests;
  readonly genesis: SimState;
  readonly options: WorldOptions;
  readonly nodes: Member[] = [];
  readonly transactions: Map<HashHex, SimTransaction> = new Map();
  readonly counts: Map<string, number> = new Map();
  readonly rules: Map<RuleId, number> = new Map();
  /** How far a clock was ahead at any time of the run: what an honest primary may have believed. */
  clockAheadMsMax = 0;
  /** Signatures that all nodes have checked, and made. */
  checkedCount = 0;
  signedCount = 0;
  readonly #writeTrace: ((line: string) => void) | undefined;
  readonly #executions: Map<string, SimState> = new Map();
  readonly #certificates: Map<string, boolean> = new Map();
  #traceHash = 0;

  constructor(parts: WorldParts) {
    this.queue = parts.queue;
    this.digests = parts.digests;
    this.genesis = parts.genesis;
    this.options = parts.options;
    this.#writeTrace = parts.writeTrace;
  }

  /** Digest over everything that happened: equal for equal seeds. */
  get traceHash(): number {
    return this.#traceHash >>> 0;
  }

  mark(...values: readonly number[]): void {
    for (const value of values) this.#traceHash = Math.imul(this.#traceHash ^ value, 0x0100_0193) ^ (value >>> 7);
  }

  trace(line: () => string): void {
    this.#writeTrace?.(`${(this.queue.nowUs / 1_000_000).toFixed(6).padStart(11)} ${line()}`);
  }

  get isTraced(): boolean {
    return this.#writeTrace !== undefined;
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  onRule(rule: RuleId): void {
    this.rules.set(rule, (this.rules.get(rule) ?? 0) + 1);
  }

  execute(parent: SimState, proposal: Proposal, digest: HashHex, fault = ''): SimState {
    const key = `${parent.blockHash}/${digest}${fault}`;
    let state = this.#executions.get(key);
    if (state === undefined) {
      state = simExecute(parent, proposal, digest, (hash) => this.transactions.get(hash), fault);
      this.#executions.set(key, state);
    }
    return state;
  }

  termAt(node: Member, height: Height): { readonly term: Term; readonly validators: ValidatorSet } | undefined {
    if (height > node.state.term.endHeight) return undefined;
    const before = node.blocks[height - 2]?.state ?? this.genesis;
    return height <= node.height ? before.term : node.state.term;
  }

  /** What every honest node checks of a final block that it gets; not the checker's own judgement. */
  verifyCertificate(certificate: Certificate, height: Height, term: TermInfo): boolean {
    if (certificate.height !== height) return false;
    const signers = certificate.signatures.map(({ index }) => index).join();
    const key = `${term.term}/${height}/${certificate.blockHash}/${signers}`;
    let isValid = this.#certificates.get(key);
    if (isValid === undefined) {
      isValid = this.#verifyCertificate(certificate, term);
      if (this.#certificates.size > CERTIFICATES_MAX) this.#certificates.clear();
      this.#certificates.set(key, isValid);
    }
    return isValid;
  }

  #verifyCertificate(certificate: Certificate, { term, validators }: TermInfo): boolean {
    let total = 0;
    for (const { weight } of validators) total += weight;
    let weight = 0;
    let last = -1;
    for (const { index, signature } of certificate.signatures) {
      const validator = validators[index];
      if (validator === undefined || index <= last) return false;
      last = index;
      const { height, blockHash } = certificate;
      const digest = this.digests.signingDigest({ type: 'result', term, sender: index, height, blockHash });
      if (!simVerify(digest, signature, validator.nodeId)) return false;
      weight += validator.weight;
    }
    return weight >= Math.floor((total + Math.floor((total - 1) / 3)) / 2) + 1;
  }
}

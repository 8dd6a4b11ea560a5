import {
  assert,
  type HashHex,
  type Height,
  type Term,
  toHashHex,
  type ValidatorIndex,
  type View,
} from '@hansa/primitives';
import type { PbftMessage, Proposal, Verified } from '@hansa/protocol';
import type { PbftEffect } from '../src/index.ts';
import { Cluster, digestOf, EPOCH_MS, type Filter, NO_SIGNATURE, sha } from './cluster.ts';

/*
 * Scenario files: blocks of one command line, a line of four dashes, and the expected output up to an empty line.
 * `# …` before a command is a comment. HANSA_UPDATE_SCENARIOS=1 writes the outputs anew, to be reviewed as a diff.
 *
 *   cluster validators=4 [weights=1,1,1,1] [window=8] [period=256]   a new cluster
 *   submit N                      N transactions that everybody knows; one goes into each proposal
 *   deliver                       hand out everything that is queued
 *   tick N [nodes=0,1]            N ticks of 50 ms, with delivery after each
 *   lose NAME [kind=a,b] [from=0] [to=1,2] [view=0] [height=1]    messages that match are lost from now on
 *   keep NAME                     … until now
 *   crash I | start I | wipe I    process ends | starts from disk | its vote store is lost
 *   hold I EFFECT | release I EFFECT          the driver of I answers such effects later
 *   salt I TEXT                   node I executes differently from now on
 *   blind I | sees I              transactions do not reach the pool of I from now on | they do again
 *   overtaken I                   the pool of I sees that the primary passes a transaction over
 *   change HEIGHT                 the block of this height changes the validator set
 *   forge proposal NAME from= view= height= parent= to=     a Byzantine proposal; parent is a name or `final`
 *   forge prepare|commit NAME from= view= to=               votes of Byzantine validators
 *   forge suspect|status|change from= view= [decided=] to=
 *   state                         one line per replica
 *
 * `show=…` at the end of a command chooses the effects that are printed: all (default), none, or kinds.
 */

type Options = ReadonlyMap<string, string>;

const numbers = (text: string | undefined): number[] => (text === undefined ? [] : text.split(',').map(Number));

export class Scenario {
  cluster: Cluster = new Cluster();
  readonly #names = new Map<string, { readonly digest: HashHex; readonly height: Height }>();
  #held: { readonly node: number; readonly effect: PbftEffect }[] = [];

  /** Runs one command line and returns what it shows. */
  run(line: string): string[] {
    const words = line.split(/\s+/);
    const options = new Map(
      words.filter((word) => word.includes('=')).map((word) => word.split('=') as [string, string]),
    );
    const plain = words.filter((word) => !word.includes('='));
    this.cluster.trace.length = 0;
    const own = this.#perform(plain, options);
    return own.length > 0 ? own : this.#shown(options.get('show') ?? 'all');
  }

  #shown(show: string): string[] {
    if (show === 'none') return [];
    const kinds = show.split(',');
    const lines = this.cluster.trace.filter(
      (text) => show === 'all' || kinds.some((kind) => text.split(' ')[1] === kind),
    );
    return lines.length === 0 ? ['nothing'] : lines;
  }

  #perform(words: readonly string[], options: Options): string[] {
    const { cluster } = this;
    const [command, first = '', second = ''] = words;
    switch (command) {
      case 'cluster':
        return this.#create(options);
      case 'submit':
        cluster.submit(Number(first));
        break;
      case 'deliver':
        cluster.deliver();
        break;
      case 'tick':
        cluster.tick(Number(first), options.has('nodes') ? numbers(options.get('nodes')) : undefined);
        break;
      case 'lose':
        cluster.filters.set(first, filterOf(options));
        break;
      case 'keep':
        cluster.filters.delete(first);
        break;
      case 'crash':
        cluster.crash(Number(first));
        this.#held = this.#held.filter((held) => held.node !== Number(first));
        break;
      case 'wipe':
        cluster.node(Number(first)).lostStore = true;
        break;
      case 'start':
        cluster.start(cluster.node(Number(first)));
        cluster.refreshPools();
        break;
      case 'hold':
        this.#hold(Number(first), second);
        break;
      case 'release':
        this.#release(Number(first), second);
        break;
      case 'salt':
        cluster.node(Number(first)).salt = second;
        break;
      case 'blind':
      case 'sees':
        cluster.node(Number(first)).isBlind = command === 'blind';
        cluster.refreshPools();
        break;
      case 'overtaken':
        this.#overtake(Number(first));
        cluster.refreshPools();
        break;
      case 'change':
        cluster.scheduledAt = Number(first);
        break;
      case 'forge':
        this.#forge(first, second, options);
        break;
      case 'state':
        return cluster.nodes.map(
          (node) => `${node.index}: ${node.replica?.describe() ?? 'down'} · ledger ${cluster.headOf(node).height}`,
        );
      default:
        throw new Error(`unknown command "${command}"`);
    }
    return [];
  }

  #create(options: Options): string[] {
    const validators = Number(options.get('validators') ?? 4);
    this.cluster = new Cluster({
      validators,
      window: Number(options.get('window') ?? 8),
      period: Number(options.get('period') ?? 256),
      weights: options.has('weights') ? numbers(options.get('weights')) : Array.from({ length: validators }, () => 1),
    });
    this.#names.clear();
    this.cluster.tick(1);
    return [];
  }

  #overtake(index: number): void {
    const { term, view } = this.cluster.replica(index).status;
    this.cluster.node(index).overtakenIn = { term, view };
  }

  #hold(index: number, kind: string): void {
    const node = this.cluster.node(index);
    node.held.add(kind);
    const before = this.cluster.onEffect;
    this.cluster.onEffect = (at, effect) => {
      before(at, effect);
      if (at === node && effect.type === kind && node.held.has(kind)) this.#held.push({ node: index, effect });
    };
  }

  #release(index: number, kind: string): void {
    const node = this.cluster.node(index);
    node.held.delete(kind);
    const ready = this.#held.filter((held) => held.node === index && held.effect.type === kind);
    for (const { effect } of ready) this.cluster.perform(node, effect);
    this.cluster.deliver();
  }

  #forge(kind: string, name: string, options: Options): void {
    const from = Number(options.get('from'));
    const view = Number(options.get('view') ?? 0) as View;
    const common = {
      term: this.cluster.replica(this.#up()).status.term,
      sender: from as ValidatorIndex,
      signature: NO_SIGNATURE,
    };
    const decided = Number(options.get('decided') ?? 0) as Height;
    let message: PbftMessage;
    if (kind === 'proposal') message = this.#forgeProposal(name, { ...common, view }, options);
    else if (kind === 'prepare' || kind === 'commit') message = { type: kind, ...common, view, ...this.#named(name) };
    else if (kind === 'suspect') message = { type: 'suspect', ...common, view, decidedHeight: decided };
    else if (kind === 'change')
      message = { type: 'view-change', ...common, view, claim: undefined, certificate: undefined };
    else {
      const heights = { stableHeight: decided, decidedHeight: decided, preparedHeight: decided };
      message = {
        type: 'status',
        ...common,
        view,
        changing: false,
        ...heights,
        incarnation: 99,
        instance: sha(`forged ${from}`).slice(0, 32),
      };
    }
    for (const to of numbers(options.get('to')))
      this.cluster.queue.push({ from, to, message: message as Verified<PbftMessage> });
    this.cluster.deliver();
  }

  #up(): number {
    return this.cluster.nodes.findIndex((node) => node.replica !== undefined);
  }

  #named(name: string): { digest: HashHex; height: Height } {
    const made = this.#names.get(name);
    if (made !== undefined) return made;
    // An honest proposal by height and view: h3v1.
    const match = /^h(\d+)v(\d+)$/.exec(name);
    for (const [digest, proposal] of this.cluster.proposals) {
      if (proposal.height === Number(match?.[1]) && proposal.view === Number(match?.[2]))
        return { digest, height: proposal.height };
    }
    throw new Error(`no proposal is called "${name}"`);
  }

  #forgeProposal(
    name: string,
    common: { term: Term; sender: ValidatorIndex; signature: Uint8Array; view: View },
    options: Options,
  ): PbftMessage {
    const parent = options.get('parent') ?? 'final';
    const head = this.cluster.headOf(this.cluster.node(this.#up()));
    const proposal: Proposal = {
      chainId: 1,
      groupId: 'group0',
      term: common.term,
      height: Number(options.get('height')) as Height,
      view: common.view,
      parentDigest: parent === 'final' ? head.proposalDigest : this.#named(parent).digest,
      timestamp: EPOCH_MS + Number(options.get('time') ?? 60) + Number(options.get('height')),
      proposer: common.sender,
      transactionHashes: [toHashHex(sha(`forged ${name}`))],
    };
    const digest = digestOf(proposal);
    this.#names.set(name, { digest, height: proposal.height });
    this.cluster.proposals.set(digest, proposal);
    return { type: 'proposal', ...common, proposal, digest };
  }
}

function filterOf(options: Options): Filter {
  const lists = new Map(
    ['from', 'to', 'view', 'height'].map((name) => [name, options.has(name) ? numbers(options.get(name)) : undefined]),
  );
  const kinds = options.get('kind')?.split(',');
  const has = (name: string, value: number | undefined): boolean => {
    const list = lists.get(name);
    return list === undefined || (value !== undefined && list.includes(value));
  };
  return ({ from, to, message }) => {
    if (kinds !== undefined && !kinds.includes(message.type)) return false;
    return has('from', from) && has('to', to) && has('view', viewIn(message)) && has('height', heightIn(message));
  };
}

function heightIn(message: PbftMessage): number | undefined {
  if (message.type === 'proposal') return message.proposal.height;
  if ('certificate' in message && message.type !== 'view-change' && message.type !== 'new-view')
    return message.certificate.height;
  return 'height' in message ? message.height : undefined;
}

function viewIn(message: PbftMessage): number | undefined {
  if (message.type === 'prepared-certificate' || message.type === 'commit-certificate') return message.certificate.view;
  return 'view' in message ? message.view : undefined;
}

/** Runs a whole file: the text as it should be. */
export function renderScenario(text: string): string {
  const scenario = new Scenario();
  const out: string[] = [];
  let skipping = false;
  for (const line of text.split('\n')) {
    if (skipping) {
      skipping = line !== '';
      if (skipping) continue;
    }
    if (line === '----') {
      skipping = true;
      continue;
    }
    out.push(line);
    if (line === '' || line.startsWith('#')) continue;
    const shown = scenario.run(line);
    assert(
      shown.every((shownLine) => shownLine !== ''),
      'no empty line was expected in an output',
    );
    out.push('----', ...shown);
  }
  return `${out.join('\n').trimEnd()}\n`;
}

/**
 * Clients of the nodes: they sign, submit, ask again elsewhere when they get no answer, look up what became of it, and
 * remember every word. What they were told must be what the chain says.
 */
import { ethereumCrypto } from '@hansa/crypto';
import { accountOfNode, argumentTypes, encodeCall } from '@hansa/executor';
import { decodePoolJournal } from '@hansa/node';
import { type AddressHex, bytesToHex, type HashHex, type NodeId, toHeight } from '@hansa/primitives';
import { encodeSignedTransaction, successionDigest } from '@hansa/protocol';
import type { Prng } from '../prng.ts';
import { simSign } from '../sim-crypto.ts';
import type { ChainChecker } from './chain-checker.ts';
import type { Intent } from './chain-model.ts';
import type { FullNode, TransactionStatus } from './full-node.ts';
import type { GovernIntent, ModelAction, SucceedIntent } from './governance-model.ts';
import { NODE_SUITE } from './node-crypto.ts';
import type { NodeWorld } from './node-world.ts';

const SYSTEM_CONFIG = '0000000000000000000000000000000000001000' as AddressHex;
const COMMITTEE = '0000000000000000000000000000000000010001' as AddressHex;
const CONSENSUS = '0000000000000000000000000000000000001003' as AddressHex;
const SUCCESSION = '0000000000000000000000000000000000010005' as AddressHex;
/** Without an answer for so long a client asks another node. */
const PATIENCE_US = 2_000_000;
/** Transactions of one account that are on their way. */
const OPEN_COUNT_MAX = 4;
const GAS_LIMIT = 200_000n;
const PROPOSAL_GAS_LIMIT = 1_000_000n;
/** Attestations of one validator come so far apart at the least. */
const ATTEST_US = 700_000;
const POOL_BUSY_CODES: ReadonlySet<string> = new Set(['POOL_BUSY', 'VERIFY_BUSY', 'POOL_FULL']);

type Change = Intent extends infer T ? (T extends unknown ? Omit<T, keyof Common> : never) : never;
type Common = { sender: unknown; nonce: unknown; lastHeight: unknown };

type Sent = {
  readonly hash: HashHex;
  readonly raw: Uint8Array;
  readonly intent: Intent;
  /** The nodes that have said yes. */
  readonly acknowledged: Set<FullNode>;
  isDone: boolean;
};

type Account = { readonly key: Uint8Array; readonly address: AddressHex; nonce: bigint; readonly open: Sent[] };

export type ClientsOptions = { readonly accountCount: number; readonly chainId: number };

export class Clients {
  readonly sent: Sent[] = [];
  readonly #world: NodeWorld;
  readonly #chain: ChainChecker;
  readonly #nodes: readonly FullNode[];
  readonly #chance: Prng;
  readonly #chainId: number;
  readonly #accounts: readonly Account[];
  readonly #admins: readonly Account[];
  /** Accounts of the nodes' keys, by node. */
  readonly #validators: ReadonlyMap<NodeId, Account>;
  /** Told as ended without being on the chain: it must stay so. */
  readonly #neverFinal: Map<HashHex, string> = new Map();

  constructor(
    parts: {
      readonly world: NodeWorld;
      readonly chain: ChainChecker;
      readonly nodes: readonly FullNode[];
      readonly accountCount: number;
      readonly adminCount: number;
    },
    chance: Prng,
  ) {
    this.#world = parts.world;
    this.#chain = parts.chain;
    this.#nodes = parts.nodes;
    this.#chance = chance;
    this.#chainId = parts.world.genesis.chainId;
    this.#accounts = keysOf('client', parts.accountCount).map(accountOf);
    this.#admins = keysOf('admin', parts.adminCount).map(accountOf);
    const nodeKeys = keysOf('node', parts.nodes.length);
    this.#validators = new Map(
      parts.nodes.map(({ nodeId }, index) => {
        const key = nodeKeys[index] as Uint8Array;
        const address = accountOfNode(nodeId);
        parts.world.transactions.standFor(address, ethereumCrypto.addressOfKey(key));
        return [nodeId, { key, address, nonce: 0n, open: [] }];
      }),
    );
  }

  /** Keeps sending and asking until then. */
  start(endUs: number): void {
    const chance = this.#chance;
    const meanUs = chance.pick([150_000, 300_000, 800_000]);
    this.#every(
      () => chance.between(meanUs >> 3, 2 * meanUs),
      endUs,
      () => this.#transfer(),
    );
    this.#every(
      () => ATTEST_US,
      endUs,
      () => this.#attest(),
    );
    this.#every(
      () => 400_000,
      endUs,
      () => this.#ask(),
    );
  }

  /** What the nodes of validators say of candidates, as far as the chain does not have it yet. */
  #attest(): void {
    const { model, chain } = this.#chain;
    const head = chain.at(-1);
    if (head === undefined) return;
    for (const { nodeId, attested } of model.governance.candidates()) {
      for (const { nodeId: by } of model.term.validators) {
        const account = this.#validators.get(by);
        if (account === undefined || attested.has(by) || account.open.length > 0) continue;
        const change = { type: 'attest', nodeId, by, headHeight: head.header.height, headHash: head.hash } as const;
        this.#send(account, change, undefined);
      }
    }
  }

  /** How many accounts govern. */
  get adminCount(): number {
    return this.#admins.length;
  }

  /** Address of an admin, and whether nothing of it is on its way. */
  adminAt(index: number): { readonly address: AddressHex; readonly isIdle: boolean } {
    const admin = this.#admins[index] as Account;
    this.#settle(admin);
    return { address: admin.address, isIdle: admin.open.length === 0 };
  }

  /** A transaction of an admin. */
  govern(index: number, intent: GovernIntent | SucceedIntent): void {
    this.#send(this.#admins[index] as Account, intent, undefined);
  }

  /** One more transfer, of somebody who has nothing else open. */
  transferNow(): void {
    this.#transfer();
  }

  /** Nothing that a node has said yes to may be lost, and nothing that was called ended may be on the chain. */
  judge(isJudged: (node: FullNode) => boolean): void {
    const { model } = this.#chain;
    for (const { hash, intent, acknowledged } of this.sent) {
      const by = [...acknowledged].filter(isJudged);
      if (by.length === 0 || model.executed.has(hash)) continue;
      const isReplaced = model.balanceOf(intent.sender).nonce > intent.nonce;
      const isExpired = intent.lastHeight !== undefined && intent.lastHeight <= model.height;
      if (isReplaced || isExpired || this.#isBlocked(intent)) continue;
      const detail = by.map((node) => `${node.label}: ${node.transactionStatus(hash)?.type ?? 'down'}`).join(', ');
      this.#world.fail('truth', `${short(hash)} (${intent.type}) was acknowledged and is not final: ${detail}`);
    }
    for (const [hash, what] of this.#neverFinal)
      if (model.executed.has(hash)) this.#world.fail('truth', `${short(hash)} was ${what} and is final`);
  }

  /** The account's next one has expired, or cannot be paid for: nothing that comes after it can be executed. */
  #isBlocked({ sender }: Intent): boolean {
    const { model } = this.#chain;
    const { nonce: next } = model.balanceOf(sender);
    return this.sent.every(
      ({ intent }) =>
        intent.sender !== sender ||
        intent.nonce !== next ||
        model.reasonAgainst(intent, model.height + 1) !== undefined,
    );
  }

  #every(delayUs: () => number, endUs: number, run: () => void): void {
    const { queue } = this.#world;
    queue.after(delayUs(), () => {
      if (queue.nowUs >= endUs) return;
      run();
      this.#every(delayUs, endUs, run);
    });
  }

  #transfer(): void {
    const chance = this.#chance;
    const from = chance.pick(this.#accounts);
    const to = chance.pick(this.#accounts);
    const lastHeight = chance.chance(0.1) ? this.#chain.chain.length + chance.between(1, 12) : undefined;
    // Mostly less than everybody has; now and then all of it, so that what comes next is too much.
    const value = chance.chance(0.05) ? this.#chain.model.balanceOf(from.address).balance : BigInt(chance.below(1_000));
    this.#send(from, { type: 'transfer', to: to.address, value }, lastHeight);
  }

  #send(account: Account, change: Change, lastHeight: number | undefined): void {
    this.#settle(account);
    if (account.open.length >= OPEN_COUNT_MAX) return;
    const { nonce } = account;
    account.nonce++;
    const intent = { ...change, sender: account.address, nonce, lastHeight } as Intent;
    const raw = this.#sign(account, intent);
    const hash = bytesToHex(ethereumCrypto.keccak256(raw)) as HashHex;
    const sent: Sent = { hash, raw, intent, acknowledged: new Set(), isDone: false };
    this.#chain.submitted.set(hash, intent);
    this.sent.push(sent);
    account.open.push(sent);
    this.#world.trace(() => `client sends ${short(hash)}: ${intent.type} of ${account.address.slice(0, 6)} ${nonce}`);
    this.#submit(sent, account);
  }

  /** What is over makes room; a hole that an expired one has left is filled with the same nonce again. */
  #settle(account: Account): void {
    const { model } = this.#chain;
    const next = model.balanceOf(account.address).nonce;
    const isOver = ({ hash, intent }: Sent): boolean =>
      model.executed.has(hash) ||
      intent.nonce < next ||
      (intent.lastHeight !== undefined && intent.lastHeight <= model.height);
    for (const sent of account.open) sent.isDone = isOver(sent);
    const kept = account.open.filter(({ isDone }) => !isDone);
    account.open.splice(0, account.open.length, ...kept);
    const isHole = next < account.nonce && !kept.some(({ intent }) => intent.nonce === next);
    if (kept.length === 0) account.nonce = next;
    else if (isHole) this.#fill(account, next);
  }

  #fill(account: Account, nonce: bigint): void {
    const last = account.nonce;
    account.nonce = nonce;
    const intent = {
      type: 'transfer',
      to: account.address,
      value: 0n,
      sender: account.address,
      nonce,
      lastHeight: undefined,
    } as const;
    const raw = this.#sign(account, intent);
    const hash = bytesToHex(ethereumCrypto.keccak256(raw)) as HashHex;
    account.nonce = last;
    if (this.#chain.submitted.has(hash)) return;
    const sent: Sent = { hash, raw, intent, acknowledged: new Set(), isDone: false };
    this.#chain.submitted.set(hash, intent);
    this.sent.push(sent);
    account.open.push(sent);
    this.#submit(sent, account);
  }

  /** Until a node says yes, and again as long as it is not final: a client cannot know better. */
  #submit(sent: Sent, account: Account): void {
    if (sent.isDone || this.#chain.model.executed.has(sent.hash)) return;
    const up = this.#nodes.filter((node) => node.isUp && this.#chain.model.isAdmitted(node.nodeId));
    if (up.length > 0) {
      const node = this.#chance.pick(up);
      node.submit(sent.raw, (result) => {
        if (result.ok) {
          this.#onAcknowledged(sent, node);
          return;
        }
        const { code } = result.error;
        this.#world.trace(() => `${node.label} refuses ${short(sent.hash)}: ${code}`);
        if (!POOL_BUSY_CODES.has(code)) this.#world.count(`client: ${code}`);
      });
    }
    this.#world.queue.after(PATIENCE_US, () => {
      this.#settle(account);
      this.#submit(sent, account);
    });
  }

  /** It was said yes: from here on a power cut must not take it away. */
  #onAcknowledged(sent: Sent, node: FullNode): void {
    this.#world.trace(() => `${node.label} acknowledges ${short(sent.hash)}`);
    sent.acknowledged.add(node);
    if (node.isByzantine) return;
    const { transactions } = decodePoolJournal(node.journalDisk.durable);
    const isKept = transactions.some((bytes) => bytesToHex(bytes) === bytesToHex(sent.raw));
    if (!isKept && !this.#chain.model.executed.has(sent.hash))
      this.#world.note('truth', `${node.label} says yes to ${short(sent.hash)}, which is not on its disk`);
  }

  /** Somebody asks a node what became of a transaction, and what is on an account. */
  #ask(): void {
    const chance = this.#chance;
    const up = this.#nodes.filter((node) => node.isUp && !node.isByzantine);
    if (up.length === 0 || this.sent.length === 0) return;
    const node = chance.pick(up);
    for (const sent of chance.sample(this.sent.slice(-30), 3)) {
      const status = node.transactionStatus(sent.hash);
      if (status !== undefined) this.#hear(node, sent, status);
    }
    this.#askBalance(node, chance.pick(this.#accounts).address);
  }

  #hear(node: FullNode, { hash, intent }: Sent, status: TransactionStatus): void {
    const { model, chain } = this.#chain;
    const lie = (what: string): void =>
      this.#world.note('truth', `${node.label} says that ${short(hash)} is ${status.type}: ${what}`);
    switch (status.type) {
      case 'committed': {
        const place = model.executed.get(hash);
        if (place?.height !== status.height || place.index !== status.index)
          lie(`at ${status.height}/${status.index}, the chain has it at ${place?.height}/${place?.index}`);
        const receipt = node.receiptOf(status);
        if (receipt?.transactionHash !== hash) lie('its receipt is another');
        else if ((receipt.status === 1) !== place?.isSuccess)
          lie(`its receipt has status ${receipt.status}, by the rules it ${place?.isSuccess ? 'succeeds' : 'fails'}`);
        return;
      }
      case 'replaced':
      case 'expired':
        if (model.executed.has(hash)) lie('it is final');
        this.#neverFinal.set(hash, status.type);
        return;
      case 'left out': {
        const block = chain[status.height - 1];
        if (block === undefined || !block.body.leftOut.some((leftOut) => leftOut.hash === hash))
          lie(`of ${status.height}, which does not leave it out`);
        return;
      }
      case 'unknown':
        // Who has been told yes is never told that nobody has heard of it.
        if (![...this.sent].some((sent) => sent.hash === hash && sent.acknowledged.has(node))) return;
        if (!node.wasErased && !this.#isSuperseded(intent)) lie('it has said yes to it');
        return;
      default:
        return;
    }
  }

  #isSuperseded({ sender, nonce, lastHeight }: Intent): boolean {
    const { model } = this.#chain;
    return model.balanceOf(sender).nonce > nonce || (lastHeight !== undefined && lastHeight <= model.height);
  }

  /** The account as the node shows it is that of a block which is final. */
  #askBalance(node: FullNode, address: AddressHex): void {
    const { core } = node;
    if (core === undefined || core.headView.height() !== this.#chain.chain.length) return;
    const facts = core.headView.account(address);
    const { nonce, balance } = this.#chain.model.balanceOf(address);
    if (facts.nonce !== nonce || facts.balance !== balance)
      this.#world.note(
        'truth',
        `${node.label} shows ${facts.balance}, nonce ${facts.nonce}; the chain gives ${balance}, ${nonce}`,
      );
  }

  #sign(account: Account, intent: Intent): Uint8Array {
    const organisation = this.#chain.model.governance.organisationOf(account.address);
    const [to, value, data] = callOf(intent, { organisation, genesisHash: this.#world.genesisHash });
    return encodeSignedTransaction(
      {
        type: intent.lastHeight === undefined ? 0 : 1,
        chainId: this.#chainId,
        nonce: intent.nonce,
        gasLimit: intent.type === 'transfer' ? GAS_LIMIT : PROPOSAL_GAS_LIMIT,
        maxFeePerGas: 0n,
        maxPriorityFeePerGas: 0n,
        to,
        value,
        data,
        accessList: [],
        ...(intent.lastHeight === undefined ? {} : { lastHeight: toHeight(intent.lastHeight) }),
      },
      account.key,
    );
  }
}

function callOf(
  intent: Intent,
  { organisation, genesisHash }: { readonly organisation: string | undefined; readonly genesisHash: HashHex },
): readonly [AddressHex, bigint, Uint8Array] {
  switch (intent.type) {
    case 'transfer':
      return [intent.to, intent.value, new Uint8Array(0)];
    case 'attest':
      return [
        CONSENSUS,
        0n,
        encodeCall(
          'attest(string,uint256,bytes32)',
          ['string', 'uint256', 'bytes32'],
          [intent.nodeId, BigInt(intent.headHeight), intent.headHash],
        ),
      ];
    case 'propose': {
      const { actions, acceptRisk, interval } = intent;
      const calls = actions.map((action) => actionCall(action, organisation));
      const targets = calls.map(([target]) => target);
      return committeeCall('createProposal(address[],bytes[],bool,uint256,string)', [
        targets,
        calls.map(([, data]) => data),
        acceptRisk,
        BigInt(interval),
        '',
      ]);
    }
    case 'vote':
      return committeeCall('voteProposal(uint256,bool)', [BigInt(intent.proposal), intent.agrees]);
    case 'succeed': {
      const { oldNodeId, newNodeId, since } = intent;
      const digest = successionDigest(NODE_SUITE, { genesisHash, oldNodeId, newNodeId, since: toHeight(since) });
      const signature = simSign(digest, oldNodeId);
      return [
        SUCCESSION,
        0n,
        encoded('succeed(string,string,bytes,bytes)', [oldNodeId, newNodeId, signature, new Uint8Array(0)]),
      ];
    }
    case 'revoke':
      return committeeCall('revokeProposal(uint256)', [BigInt(intent.proposal)]);
  }
}

/** Target and call data of GOV-10. */
function actionCall(action: ModelAction, own: string | undefined): readonly [AddressHex, Uint8Array] {
  switch (action.type) {
    case 'add observer':
      return action.organisation === own
        ? [CONSENSUS, encoded('addObserver(string)', [action.nodeId])]
        : [CONSENSUS, encoded('addObserverOf(string,string,string[])', [action.nodeId, action.organisation, []])];
    case 'remove':
    case 'suspend':
      return [CONSENSUS, encoded(`${action.type}(string)`, [action.nodeId])];
    case 'add validator':
      return [CONSENSUS, encoded('addSealer(string,uint256)', [action.nodeId, BigInt(action.weight)])];
    case 'set weight':
      return [CONSENSUS, encoded('setWeight(string,uint256)', [action.nodeId, BigInt(action.weight)])];
    case 'parameter':
      return [SYSTEM_CONFIG, encoded('setValueByKey(string,string)', [action.key, String(action.value)])];
  }
}

type Values = Parameters<typeof encodeCall>[2];
const encoded = (signature: string, values: Values): Uint8Array =>
  encodeCall(signature, argumentTypes(signature), values);
const committeeCall = (signature: string, values: Values): readonly [AddressHex, bigint, Uint8Array] => [
  COMMITTEE,
  0n,
  encoded(signature, values),
];

function accountOf(key: Uint8Array): Account {
  return { key, address: ethereumCrypto.addressOfKey(key), nonce: 0n, open: [] };
}

export function keysOf(role: 'client' | 'admin' | 'node', count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const key = new Uint8Array(32).fill({ client: 1, admin: 2, node: 3 }[role]);
    key[31] = index + 1;
    return key;
  });
}

const short = (hash: string): string => hash.slice(0, 8);

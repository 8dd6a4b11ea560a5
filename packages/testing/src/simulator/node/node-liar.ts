/** What a liar does on the channels of sync and pool, and in what it says of its height. */
import { fromHex, type Height } from '@hansa/primitives';
import {
  decodeBody,
  decodeCertificate,
  decodeHeader,
  decodeSyncFrame,
  encodeBody,
  encodeCertificate,
  encodeHeader,
  encodeSyncFrame,
  encodeTransactionsFrame,
  type SyncBlock,
} from '@hansa/protocol';
import { MessageAssembler, splitMessage } from '@hansa/sync';
import type { Prng } from '../prng.ts';
import { simSign } from '../sim-crypto.ts';
import { tagged, u64 } from './digests.ts';
import type { FullNode, NodeRun } from './full-node.ts';
import type { NetworkNode } from './node-network.ts';

export const NODE_STRATEGIES = [
  'high claims',
  'low claims',
  'forged blocks',
  'weak certificates',
  'silent server',
  'rubbish',
  'withheld transactions',
] as const;
export type NodeStrategy = (typeof NODE_STRATEGIES)[number];

export class NodeLiar {
  readonly node: FullNode;
  readonly strategies: ReadonlySet<NodeStrategy>;
  readonly #run: NodeRun;
  readonly #chance: Prng;
  /** What has been cut into parts, by receiver. */
  readonly #assemblers: Map<NetworkNode, MessageAssembler> = new Map();
  #messageNumber = 0x8000_0000;

  constructor(node: FullNode, strategies: readonly NodeStrategy[], run: NodeRun, chance: Prng) {
    this.node = node;
    this.strategies = new Set(strategies);
    this.#run = run;
    this.#chance = chance;
    if (this.#has('high claims')) node.announcedHeight = (height) => (height + chance.pick([0, 1, 5, 1_000])) as Height;
    if (this.#has('low claims')) node.announcedHeight = (height) => Math.max(0, height - chance.below(5)) as Height;
    run.network.frameTampers.set(node, (_from, to, channel, bytes) => this.#tamper(to, channel, bytes));
    this.#actForever();
  }

  #has(strategy: NodeStrategy): boolean {
    return this.strategies.has(strategy);
  }

  #lie(strategy: NodeStrategy): void {
    this.#run.world.count(`lie: ${strategy}`);
  }

  #actForever(): void {
    this.#run.world.queue.after(this.#chance.between(300_000, 3_000_000), () => {
      if (this.node.isUp && this.#has('rubbish')) this.#sendRubbish();
      this.#actForever();
    });
  }

  #sendRubbish(): void {
    const { network, nodes } = this.#run;
    const to = this.#chance.pick(nodes);
    if (to === this.node) return;
    this.#lie('rubbish');
    const rubbish = fromHex(this.#chance.hex(this.#chance.between(1, 40)));
    const frame = this.#chance.chance(0.5) ? encodeTransactionsFrame({ transactions: [rubbish] }) : rubbish;
    network.injectFrame(this.node, to, this.#chance.pick(['transactions', 'sync'] as const), frame);
  }

  #tamper(to: NetworkNode, channel: 'consensus' | 'transactions' | 'sync', bytes: Uint8Array): readonly Uint8Array[] {
    if (channel === 'transactions') {
      if (!this.#has('withheld transactions') || this.#chance.chance(0.3)) return [bytes];
      this.#lie('withheld transactions');
      return [];
    }
    if (channel !== 'sync') return [bytes];
    let assembler = this.#assemblers.get(to);
    if (assembler === undefined) {
      assembler = new MessageAssembler();
      this.#assemblers.set(to, assembler);
    }
    const message = assembler.push(bytes);
    if (!message.ok || message.value === undefined) return [];
    const frame = decodeSyncFrame(message.value);
    if (!frame.ok) return [];
    const { requestId, request, response } = frame.value;
    if (response === undefined) return this.#parts(message.value);
    if (this.#has('silent server') && this.#chance.chance(0.6)) {
      this.#lie('silent server');
      return [];
    }
    const blocks = response.blocks.map((block) => this.#forge(block));
    return this.#parts(encodeSyncFrame({ requestId, request, response: { ...response, blocks } }));
  }

  #parts(message: Uint8Array): readonly Uint8Array[] {
    this.#messageNumber = (this.#messageNumber + 1) >>> 0;
    return splitMessage(message, this.#messageNumber);
  }

  #forge(block: SyncBlock): SyncBlock {
    if (!this.#chance.chance(0.3)) return block;
    const [header, body, certificate] = [
      decodeHeader(block.header),
      decodeBody(block.body),
      decodeCertificate(block.certificate),
    ];
    if (!header.ok || !body.ok || !certificate.ok) return block;
    if (this.#has('weak certificates')) {
      this.#lie('weak certificates');
      const { signatures } = certificate.value;
      const kept = this.#chance.chance(0.5)
        ? signatures.slice(1)
        : signatures.map(({ index }) => ({ index, signature: new Uint8Array(64) }));
      return { ...block, certificate: encodeCertificate({ ...certificate.value, signatures: kept }) };
    }
    if (!this.#has('forged blocks')) return block;
    this.#lie('forged blocks');
    if (this.#chance.chance(0.3) && body.value.transactions.length > 0) {
      return { ...block, body: encodeBody({ ...body.value, transactions: body.value.transactions.slice(1) }) };
    }
    // Another state, certified by nobody but the liar, in the name of all who signed the true one.
    const forged = encodeHeader({ ...header.value, stateRoot: header.value.parentHash });
    const hash = tagged('hansa/header/v1', forged);
    const { genesisHash } = this.#run.world;
    const { height, term } = header.value;
    const digest = tagged('hansa/pbft-result/v1', fromHex(genesisHash), u64(term), u64(height), fromHex(hash));
    const signature = simSign(digest, this.node.nodeId);
    const signatures = certificate.value.signatures.map(({ index }) => ({ index, signature }));
    return { ...block, header: forged, certificate: encodeCertificate({ height, blockHash: hash, signatures }) };
  }
}

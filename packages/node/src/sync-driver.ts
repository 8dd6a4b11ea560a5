import type { CryptoSuite } from '@hansa/crypto';
import type { LedgerReader } from '@hansa/ledger';
import type { Network } from '@hansa/network';
import type { HashHex, Height, NodeId } from '@hansa/primitives';
import {
  type Certificate,
  type CertifiedBlock,
  decodeBody,
  decodeCertificate,
  decodeHeader,
  decodeSyncFrame,
  encodeBody,
  encodeCertificate,
  encodeHeader,
  encodeSyncFrame,
  type StateChange,
  type SyncFrame,
} from '@hansa/protocol';
import {
  createSyncMachine,
  MessageAssembler,
  PartOutbox,
  type ReceivedBlock,
  ServeBudgets,
  type SyncEffect,
  type SyncInput,
  type SyncProgress,
  serveBlocks,
  syncFailure,
  verifyBlock,
} from '@hansa/sync';
import type { BlockPipeline } from './block-pipeline.ts';
import { changesAnswer, createChangesFetch } from './changes-fetch.ts';
import type { Clock } from './clock.ts';
import type { HeaderDifference, KeyDifference } from './execution/messages.ts';
import type { HeadView } from './head-view.ts';
import type { Logger } from './logger.ts';
import type { VerifyPool } from './workers/verify-types.ts';

const TICK_MS = 100;

export type SyncDriverDependencies = {
  readonly suite: CryptoSuite;
  readonly genesisHash: HashHex;
  readonly network: Pick<Network, 'send' | 'onFrame' | 'penalise' | 'onPeerUp' | 'onPeerDown' | 'onPeerStatus'>;
  readonly reader: LedgerReader;
  readonly headView: HeadView;
  readonly pipeline: BlockPipeline;
  readonly verifier: Pick<VerifyPool, 'verifyTransactions'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly clock: Pick<Clock, 'every'>;
  /** A certified block gave another result here (spec PBFT-N7): unless it is healed already, this node MUST stop voting. */
  readonly onDiverged: (divergence: ImportDivergence) => void;
};

export type ImportDivergence = HeaderDifference & {
  readonly height: Height;
  readonly proposalDigest: HashHex;
  readonly certificate: Certificate;
  /** Executing again has given the certified result; `difference` says where the first one was wrong. */
  readonly healed: { readonly difference: KeyDifference | undefined } | undefined;
};

export type SyncDriver = {
  start(): void;
  stop(): void;
  progress(): SyncProgress;
  onCommitted(height: Height): void;
  /** The own consensus has decided the order up to this height. */
  onDecided(height: Height): void;
  /** What a block changed of the state, as some peer says it: nothing of it is proven. Undefined: nobody answered. */
  fetchChanges(height: Height): Promise<readonly StateChange[] | undefined>;
  /** Consensus has seen that final blocks up to about `height` exist; these peers have them. */
  behind(height: Height, from: readonly NodeId[]): void;
};

/** Effects of the sync machine on the real network and ledger, and the answers to what peers ask. */
export function createSyncDriver(dependencies: SyncDriverDependencies): SyncDriver {
  const { suite, network, reader, headView, pipeline, logger } = dependencies;
  const machine = createSyncMachine({ height: headView.height() });
  const assemblers = new Map<NodeId, MessageAssembler>();
  const budgets = new ServeBudgets();
  const outbox = new PartOutbox((peer, part) => network.send(peer, 'sync', part));
  const changesFetch = createChangesFetch((to, frame) => send(to, frame));
  let cancel = (): void => undefined;
  let isStopped = false;
  let decidedHeight: Height | undefined;

  function send(to: NodeId, frame: SyncFrame): boolean {
    return outbox.add(to, encodeSyncFrame(frame));
  }

  function step(input: SyncInput): void {
    if (isStopped) return;
    for (const effect of machine.step(input)) perform(effect);
  }

  function perform(effect: SyncEffect): void {
    switch (effect.type) {
      case 'request': {
        const request = { fromHeight: effect.from, count: effect.to - effect.from + 1 };
        const isSent = send(effect.peer, { requestId: effect.requestId, request, response: undefined });
        if (!isSent) step({ type: 'failure', peer: effect.peer, requestId: effect.requestId, reason: 'unavailable' });
        return;
      }
      case 'import':
        void importBlock(effect.peer, effect.block);
        return;
      case 'penalise':
        logger.warn('a peer did not serve what was asked', {
          peer: effect.peer.slice(0, 8),
          reason: effect.failure.message,
        });
        // Slow can be an honest peer with a bad line: the machine asks somebody else first, that is enough.
        if (effect.severity === 'wrong') network.penalise(effect.peer, effect.failure.message);
        return;
      case 'caughtUp':
        logger.info('caught up with the peers', { height: effect.height });
        return;
      case 'behind':
        logger.info('behind the peers, fetching blocks', { height: effect.height, target: effect.target });
        return;
    }
  }

  async function importBlock(peer: NodeId, block: ReceivedBlock): Promise<void> {
    const { height } = block.block.header;
    if (height <= headView.height()) return step({ type: 'imported', height: headView.height() });
    const signed = await dependencies.verifier.verifyTransactions(block.block.body.transactions, 'proposal');
    if (!signed.ok) {
      const failure = syncFailure('SYNC_BUSY', signed.error.message);
      return step({ type: 'importFailed', height, peer, failure, fault: false });
    }
    const transactions = signed.value.flatMap((result) => (result.ok ? [result.value] : []));
    if (transactions.length < signed.value.length) {
      const failure = syncFailure(
        'SYNC_WRONG_TRANSACTIONS',
        `block ${height} holds a transaction with a wrong signature`,
      );
      return step({ type: 'importFailed', height, peer, failure, fault: true });
    }
    // The own consensus may have been faster while the signatures were checked.
    if (isStopped || height <= headView.height()) return step({ type: 'imported', height: headView.height() });
    const context = {
      genesisHash: dependencies.genesisHash,
      parent: headView.header(),
      parentHash: headView.headHash(),
      term: headView.head().term,
      transactionHashes: transactions.map((transaction) => transaction.hash),
    };
    const verified = verifyBlock(suite, context, block);
    if (!verified.ok) return step({ type: 'importFailed', height, peer, failure: verified.error, fault: true });
    const outcome = await pipeline.importBlock(block, verified.value.hash, transactions);
    const differing = outcome.type === 'differs' ? outcome : outcome.type === 'committed' ? outcome.healed : undefined;
    if (differing !== undefined) {
      const { field, certified, own, ownBlockHash } = differing;
      const { proposalDigest } = block.block.header;
      const healed = outcome.type === 'committed' ? { difference: outcome.healed?.difference } : undefined;
      const { certificate } = block;
      dependencies.onDiverged({ height, proposalDigest, certificate, field, certified, own, ownBlockHash, healed });
    }
    if (outcome.type === 'differs') {
      const failure = syncFailure('SYNC_RESULT_DIFFERS', `block ${height}: ${outcome.field} differs`);
      return step({ type: 'importFailed', height, peer, failure, fault: false });
    }
    step({ type: 'imported', height: headView.height() });
  }

  async function onMessage(from: NodeId, bytes: Uint8Array): Promise<void> {
    const frame = decodeSyncFrame(bytes);
    if (!frame.ok) return network.penalise(from, `sync message: ${frame.error.message}`);
    const { requestId, request, response, changesRequest, changes } = frame.value;
    if (changesRequest !== undefined)
      send(from, changesAnswer(reader, { from, requestId, height: changesRequest, budgets }));
    if (changesFetch.isAnswer(requestId)) return changesFetch.onAnswer(from, requestId, changes);
    if (request !== undefined) {
      const range = {
        from: request.fromHeight as Height,
        to: (request.fromHeight + request.count - 1) as Height,
        sizeMax: Number.MAX_SAFE_INTEGER,
      };
      const answer = await serveBlocks(
        range,
        { height: () => headView.height(), block: async (height) => storedBlock(reader, height) },
        { peer: from, budgets },
      );
      const blocks = answer.type === 'blocks' ? answer.blocks : [];
      send(from, { requestId, request: undefined, response: { blocks, busy: answer.type === 'busy' } });
    }
    if (response === undefined) return;
    if (response.blocks.length === 0)
      return step({ type: 'failure', peer: from, requestId, reason: response.busy ? 'busy' : 'unavailable' });
    const blocks = decodeBlocks(response.blocks);
    if (blocks === undefined) return step({ type: 'failure', peer: from, requestId, reason: 'malformed' });
    step({ type: 'blocks', peer: from, requestId, blocks });
  }

  network.onFrame('sync', async (from, bytes) => {
    let assembler = assemblers.get(from);
    if (assembler === undefined) {
      assembler = new MessageAssembler();
      assemblers.set(from, assembler);
    }
    // The part belongs to the message that it is put into.
    const message = assembler.push(bytes);
    if (!message.ok) return network.penalise(from, message.error.message);
    if (message.value !== undefined) await onMessage(from, message.value);
  });
  network.onPeerUp(({ nodeId }) => changesFetch.addPeer(nodeId));
  network.onPeerUp(({ nodeId, status }) => step({ type: 'peerStatus', peer: nodeId, height: status.height }));
  network.onPeerStatus(({ nodeId, status }) => step({ type: 'peerStatus', peer: nodeId, height: status.height }));
  network.onPeerDown(({ nodeId }) => {
    assemblers.delete(nodeId);
    outbox.removePeer(nodeId);
    changesFetch.removePeer(nodeId);
    step({ type: 'peerGone', peer: nodeId });
  });

  return {
    start: () => {
      cancel = dependencies.clock.every(TICK_MS, () => {
        budgets.tick();
        changesFetch.onTick();
        outbox.flush();
        step({ type: 'tick' });
      });
    },
    stop: () => {
      isStopped = true;
      changesFetch.stop();
      cancel();
    },
    fetchChanges: (height) => changesFetch.fetch(height),
    progress: () => machine.progress(),
    onCommitted: (height) => step({ type: 'imported', height }),
    onDecided: (height) => {
      if (height === decidedHeight) return;
      decidedHeight = height;
      step({ type: 'decided', height });
    },
    behind: (height, from) => {
      for (const peer of from) step({ type: 'peerStatus', peer, height });
    },
  };
}

function storedBlock(
  reader: LedgerReader,
  height: Height,
): { header: Uint8Array; body: Uint8Array; certificate: Uint8Array } | undefined {
  const certified = reader.certifiedBlockAt(height);
  if (certified === undefined) return undefined;
  return {
    header: encodeHeader(certified.block.header),
    body: encodeBody(certified.block.body),
    certificate: encodeCertificate(certified.certificate),
  };
}

function decodeBlocks(
  blocks: readonly { header: Uint8Array; body: Uint8Array; certificate: Uint8Array }[],
): ReceivedBlock[] | undefined {
  const decoded: ReceivedBlock[] = [];
  for (const { header, body, certificate } of blocks) {
    const parts = [decodeHeader(header), decodeBody(body), decodeCertificate(certificate)] as const;
    const [h, b, c] = parts;
    if (!h.ok || !b.ok || !c.ok) return undefined;
    const certified: CertifiedBlock = { block: { header: h.value, body: b.value }, certificate: c.value };
    decoded.push({ ...certified, sizeBytes: header.length + body.length + certificate.length });
  }
  return decoded;
}

/** Lets in whom an invite names (docs/spec/joining.md, section 3): judges, and asks the chain from the account of this node. */
import type { CryptoSuite } from '@hansa/crypto';
import { argumentTypes, encodeCall, judgeJoin } from '@hansa/executor';
import type { LedgerReader, StateSnapshot } from '@hansa/ledger';
import { INVITES_ADDRESS, MEMBERSHIP_CODES, readInviteRecord } from '@hansa/membership';
import type { Height, NodeId } from '@hansa/primitives';
import { type Genesis, inviteId, type JoinRequest, renderGenesis } from '@hansa/protocol';
import type { Clock } from '../clock.ts';
import type { HeadView } from '../head-view.ts';
import type { Logger } from '../logger.ts';
import type { NodeAccount } from '../node-account.ts';
import { type DoorAnswer, type DoorRequest, decodeDoorRequest, encodeDoorAnswer } from './door-messages.ts';

const JOIN = 'join(bytes,bytes,string,string[],bytes,bytes)';

export type DoorKeeperDependencies = {
  readonly suite: CryptoSuite;
  readonly genesis: Genesis;
  readonly headView: Pick<HeadView, 'head'>;
  readonly reader: Pick<LedgerReader, 'snapshot'>;
  readonly account: NodeAccount;
  /** Only a validator that votes lets anybody in: its transactions need no fee, and it is not behind. */
  readonly isVoting: () => boolean;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly logger: Pick<Logger, 'info'>;
};

/** `from` is proven, the bytes are not. Costs two signature checks and as many recoveries as there are signatures. */
export type DoorKeeper = { answer(from: NodeId, bytes: Uint8Array): Promise<Uint8Array> };

export function createDoorKeeper(dependencies: DoorKeeperDependencies): DoorKeeper {
  const { suite, headView, reader, account, clock, logger } = dependencies;

  const genesis = (): DoorAnswer => ({ type: 'genesis', file: renderGenesis(dependencies.genesis) });

  function answerOn(state: StateSnapshot, from: NodeId, { kind, request }: DoorRequest): DoorAnswer {
    const record = readInviteRecord(state, inviteId(suite, request.content));
    // A newcomer that was cut off in the middle begins again.
    if (record?.nodeId === from) return kind === 'ask' ? genesis() : { type: 'joined', height: record.height };
    const place = {
      suite,
      state,
      height: (headView.head().height + 1) as Height,
      timestamp: Math.floor(clock.nowMs() / 1_000),
    };
    const judged = judgeJoin(place, from, request);
    if (!judged.ok) return { type: 'refused', code: judged.error.code, reason: judged.error.message };
    if (!dependencies.isVoting())
      return { type: 'refused', code: 0, reason: 'this node is no validator, or does not vote now' };
    if (kind === 'ask') return genesis();
    // Another newcomer's transaction may be the one under way: who is not in yet says the same again.
    if (!account.isBusy()) {
      const { organisationId, inviterId } = judged.value.invite;
      logger.info('a newcomer with an invite joins', {
        node: from.slice(0, 16),
        organisation: organisationId,
        invitedBy: inviterId,
      });
      account.send(INVITES_ADDRESS, joinCall(from, request));
    }
    return { type: 'under way' };
  }

  return {
    answer: async (from, bytes) => {
      const asked = decodeDoorRequest(bytes);
      if (asked === undefined) return encodeDoorAnswer(UNREADABLE);
      const state = reader.snapshot();
      try {
        return encodeDoorAnswer(answerOn(state, from, asked));
      } finally {
        await state.close();
      }
    },
  };
}

const UNREADABLE: DoorAnswer = {
  type: 'refused',
  code: MEMBERSHIP_CODES.invalidInvite,
  reason: 'the request cannot be read',
};

const joinCall = (nodeId: NodeId, request: JoinRequest): Uint8Array =>
  encodeCall(JOIN, argumentTypes(JOIN), [
    request.content,
    request.signatures,
    nodeId,
    request.addresses,
    request.ticketSignature,
    request.nodeSignature,
  ]);

import { applyChange, CONSENSUS_ADDRESS, findNode, type MembershipChange, registryChanges } from '@hansa/membership';
import type { HashHex } from '@hansa/primitives';
import type { Log } from '@hansa/protocol';
import { type AbiType, type AbiValue, decodeAbi, encodeAbi, lowerCaseAscii, topicOf } from '../abi.ts';
import { registryOf, termStateOf } from '../membership-cache.ts';
import {
  READ_GAS,
  type SystemCall,
  type SystemContract,
  type SystemFunction,
  type SystemOutcome,
  WRITE_GAS,
} from './types.ts';

/** Change of a node: what was done, to whom, with which weight, by whom. */
const NODE_CHANGED = 'NodeChanged(string,string,uint256,address)';

const revert = (reason: string): SystemOutcome => ({ type: 'revert', reason });
const returns = (types: readonly AbiType[], values: readonly AbiValue[], logs: readonly Log[] = []): SystemOutcome => ({
  type: 'return',
  output: encodeAbi(types, values),
  logs,
});

/** A function that changes the registry: 0, or a negative code with nothing changed and status 1, as in FISCO BCOS. */
function changing(
  signature: string,
  types: readonly AbiType[],
  toChange: (values: readonly AbiValue[]) => MembershipChange,
): SystemFunction {
  return {
    signature,
    isView: false,
    gas: 2n * WRITE_GAS,
    run: (call, data) => {
      const values = decodeAbi(types, data);
      if (values === undefined) return revert(`${signature} is expected`);
      return change(call, toChange(values));
    },
  };
}

function change({ state, caller, height, suite }: SystemCall, request: MembershipChange): SystemOutcome {
  const before = registryOf(state);
  const after = applyChange(before, request, {
    caller,
    height,
    isValidNodeId: (nodeId) => suite.isValidNodeId(nodeId),
  });
  if (!after.ok) return returns(['int256'], [BigInt(after.error.code)]);
  for (const { key, value } of registryChanges(before, after.value)) state.set(key, value);
  const { nodeId } = request;
  const weight = BigInt(findNode(after.value, nodeId)?.weight ?? 0);
  const data = encodeAbi(['string', 'string', 'uint256', 'address'], [request.type, nodeId, weight, caller]);
  return returns(['int256'], [0n], [{ address: CONSENSUS_ADDRESS, topics: [topicOf(NODE_CHANGED) as HashHex], data }]);
}

const functions: readonly SystemFunction[] = [
  changing('addSealer(string,uint256)', ['string', 'uint256'], ([nodeId, weight]) => ({
    type: 'addSealer',
    nodeId: lowerCaseAscii(nodeId as string),
    weight: weight as bigint,
  })),
  changing('addObserver(string)', ['string'], ([nodeId]) => ({
    type: 'addObserver',
    nodeId: lowerCaseAscii(nodeId as string),
    addresses: undefined,
  })),
  changing('addObserverWithAddresses(string,string[])', ['string', 'string[]'], ([nodeId, addresses]) => ({
    type: 'addObserver',
    nodeId: lowerCaseAscii(nodeId as string),
    addresses: addresses as readonly string[],
  })),
  changing('setWeight(string,uint256)', ['string', 'uint256'], ([nodeId, weight]) => ({
    type: 'setWeight',
    nodeId: lowerCaseAscii(nodeId as string),
    weight: weight as bigint,
  })),
  changing('remove(string)', ['string'], ([nodeId]) => ({ type: 'remove', nodeId: lowerCaseAscii(nodeId as string) })),
  {
    signature: 'getNode(string)',
    isView: true,
    gas: 4n * READ_GAS,
    run: ({ state }, data) => {
      const values = decodeAbi(['string'], data);
      if (values === undefined) return revert('getNode(string) is expected');
      const node = findNode(registryOf(state), lowerCaseAscii(values[0] as string));
      return node === undefined
        ? returns(['string', 'string', 'uint256', 'string[]', 'uint256'], ['', '', 0n, [], 0n])
        : returns(
            ['string', 'string', 'uint256', 'string[]', 'uint256'],
            [node.role, node.organisationId, BigInt(node.weight), node.addresses, BigInt(node.since)],
          );
    },
  },
  {
    signature: 'getNodeIds()',
    isView: true,
    gas: 4n * READ_GAS,
    run: ({ state }) => returns(['string[]'], [registryOf(state).nodes.map((node) => node.nodeId)]),
  },
  {
    signature: 'getTerm()',
    isView: true,
    gas: READ_GAS,
    run: ({ state }) => {
      const { info } = termStateOf(state);
      return returns(
        ['uint256', 'uint256', 'uint256', 'bool'],
        [BigInt(info.term), BigInt(info.baseHeight), BigInt(info.endHeight), info.endScheduled],
      );
    },
  },
];

/** Members of the consensus (EXE-34; FISCO BCOS: Consensus). A change of validators takes effect at the start of a term. */
export const consensusContract: SystemContract = { address: CONSENSUS_ADDRESS, name: 'consensus', functions };

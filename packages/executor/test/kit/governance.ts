/** What governors and the nodes of validators send. */
import { COMMITTEE_ADDRESS, CONSENSUS_ADDRESS, SYSTEM_CONFIG_ADDRESS } from '@hansa/membership';
import type { AddressHex, NodeId } from '@hansa/primitives';
import type { Receipt, SignedTransaction } from '@hansa/protocol';
import { decodeAbi, encodeCall } from '../../src/index.ts';
import { keyOf, nodeIds, suite, type TestChain, Wallet } from './chain.ts';

export type SystemCallData = readonly [to: AddressHex, data: Uint8Array];

export const addObserver = (nodeId: string): Uint8Array => encodeCall('addObserver(string)', ['string'], [nodeId]);
export const addSealer = (nodeId: string, weight: bigint): Uint8Array =>
  encodeCall('addSealer(string,uint256)', ['string', 'uint256'], [nodeId, weight]);
export const setWeight = (nodeId: string, weight: bigint): Uint8Array =>
  encodeCall('setWeight(string,uint256)', ['string', 'uint256'], [nodeId, weight]);
export const remove = (nodeId: string): Uint8Array => encodeCall('remove(string)', ['string'], [nodeId]);
export const setValue = (key: string, value: string): Uint8Array =>
  encodeCall('setValueByKey(string,string)', ['string', 'string'], [key, value]);

export const onNodes = (data: Uint8Array): SystemCallData => [CONSENSUS_ADDRESS, data];
export const onParameters = (data: Uint8Array): SystemCallData => [SYSTEM_CONFIG_ADDRESS, data];

export type ProposeOptions = { readonly acceptRisk?: boolean; readonly interval?: bigint; readonly reason?: string };

/** Call data of a proposal of these calls. */
export function proposalData(calls: readonly SystemCallData[], options: ProposeOptions = {}): Uint8Array {
  return encodeCall(
    'createProposal(address[],bytes[],bool,uint256,string)',
    ['address[]', 'bytes[]', 'bool', 'uint256', 'string'],
    [
      calls.map(([to]) => to),
      calls.map(([, data]) => data),
      options.acceptRisk ?? false,
      options.interval ?? 1_000n,
      options.reason ?? '',
    ],
  );
}

export async function sendTo(
  chain: TestChain,
  wallet: number,
  [to, data]: SystemCallData,
  fields: Parameters<TestChain['sign']>[1] = {},
): Promise<Receipt> {
  const { receipts, body } = await chain.block([chain.sign(wallet, { to, data, gasLimit: 3_000_000n, ...fields })]);
  const [receipt] = receipts;
  if (receipt === undefined) throw new Error(`left out: ${body.leftOut[0]?.reason}`);
  return receipt;
}

/** A proposal of wallet 0, which decides alone unless the chain was made otherwise. */
export const govern = (
  chain: TestChain,
  calls: readonly SystemCallData[],
  options: ProposeOptions & { readonly wallet?: number } = {},
): Promise<Receipt> => sendTo(chain, options.wallet ?? 0, [COMMITTEE_ADDRESS, proposalData(calls, options)]);

export const voteData = (id: bigint, agrees: boolean): Uint8Array =>
  encodeCall('voteProposal(uint256,bool)', ['uint256', 'bool'], [id, agrees]);

export const reasonOf = (output: Uint8Array): unknown => decodeAbi(['string'], output.subarray(4))?.[0];
export const codeOf = (output: Uint8Array): unknown => decodeAbi(['int256'], output)?.[0];

const wallets = new Map<NodeId, Wallet>(
  [0, 1, 2, 3, 4].map((n) => [suite.nodeIdOf(keyOf(100 + n)), new Wallet(100 + n)]),
);
/** Account of the key of node `index` of `nodeIds`. */
export const nodeWallet = (index: number): Wallet => wallets.get(nodeIds[index] as NodeId) as Wallet;

/** What the node of validator `index` sends when it sees a candidate at the head. */
export function attestation(
  chain: TestChain,
  index: number,
  candidate: string,
  head?: { height: number; hash: string },
): SignedTransaction {
  const wallet = nodeWallet(index);
  const { height, hash } = head ?? { height: chain.header.height, hash: chain.head.hash };
  const data = encodeCall(
    'attest(string,uint256,bytes32)',
    ['string', 'uint256', 'bytes32'],
    [candidate, BigInt(height), hash],
  );
  return wallet.sign({
    to: CONSENSUS_ADDRESS,
    data,
    gasLimit: 1_000_000n,
    nonce: chain.account(wallet.address)?.nonce ?? 0n,
  });
}

/** All four validators have seen the candidate. */
export async function attestAll(
  chain: TestChain,
  candidate: string,
  indices: readonly number[] = [0, 1, 2, 3],
): Promise<readonly Receipt[]> {
  return (await chain.block(indices.map((index) => attestation(chain, index, candidate)))).receipts;
}

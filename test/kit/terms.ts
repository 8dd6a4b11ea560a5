import { encodeFunctionData, parseAbi } from 'viem';
import { sendFinal } from './chain.ts';
import { rpc } from './devnet.ts';
import { Wallet } from './wallet.ts';

const COMMITTEE = '0x0000000000000000000000000000000000010001';
const COMMITTEE_ABI = parseAbi([
  'function createSetSysConfigProposal(string key, string value, uint256 interval) returns (uint256)',
  'function voteProposal(uint256 id, bool agrees)',
]);
const BLOCKS_MAX = 40;
/** Of four governors with one vote each, three decide. The others' accounts are those of the first organisations. */
const OTHER_GOVERNORS = [1, 2, 3];

/**
 * Brings the next term about: a change of a parameter ends the present one within a window of blocks. The wallet is that
 * of an organisation's admin account, and nobody else uses it meanwhile. Gives the hashes of what it sent.
 */
export async function endTerm(url: string, wallet: Wallet, leaderPeriod: string): Promise<string[]> {
  const termOf = async (): Promise<number> => (await rpc<{ term: number }>(url, 'hansa_getStatus')).term;
  const term = await termOf();
  const sent: { hash: string }[] = [];
  const send = async (from: Wallet, choice?: Parameters<Wallet['sign']>[0]): Promise<void> => {
    const signed = await from.sign(choice);
    sent.push(signed);
    if ((await sendFinal(url, signed.raw)).status !== '0x1') throw new Error(`${signed.hash} was reverted`);
  };
  const call = (data: `0x${string}`) => ({ to: COMMITTEE, value: 0n, data, gas: 1_000_000n }) as const;
  await send(
    wallet,
    call(
      encodeFunctionData({
        abi: COMMITTEE_ABI,
        functionName: 'createSetSysConfigProposal',
        args: ['consensus_leader_period', leaderPeriod, 1_000n],
      }),
    ),
  );
  const { proposalCount } = await rpc<{ proposalCount: number }>(url, 'hansa_getCommittee');
  for (const index of OTHER_GOVERNORS) {
    const governor = new Wallet(index);
    const { status } = await rpc<{ status: string }>(url, 'hansa_getProposal', [proposalCount]);
    if (status !== 'open' || governor.address === wallet.address) continue;
    governor.nonce = Number(await rpc<string>(url, 'eth_getTransactionCount', [governor.address, 'pending']));
    const data = encodeFunctionData({
      abi: COMMITTEE_ABI,
      functionName: 'voteProposal',
      args: [BigInt(proposalCount), true],
    });
    await send(governor, call(data));
  }
  while ((await termOf()) === term) {
    if (sent.length > BLOCKS_MAX) throw new Error(`term ${term} has not ended after ${BLOCKS_MAX} blocks`);
    await send(wallet);
  }
  return sent.map(({ hash }) => hash);
}

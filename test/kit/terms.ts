import { encodeFunctionData, parseAbi } from 'viem';
import { sendFinal } from './chain.ts';
import { rpc } from './devnet.ts';
import type { Wallet } from './wallet.ts';

const SYSTEM_CONFIG = '0x0000000000000000000000000000000000001000';
const BLOCKS_MAX = 40;

/**
 * Brings the next term about: a change of a parameter ends the present one within a window of blocks. The wallet is that
 * of an organisation's admin account, and nobody else uses it meanwhile. Gives the hashes of what it sent.
 */
export async function endTerm(url: string, wallet: Wallet, leaderPeriod: string): Promise<string[]> {
  const termOf = async (): Promise<number> => (await rpc<{ term: number }>(url, 'hansa_getStatus')).term;
  const term = await termOf();
  const data = encodeFunctionData({
    abi: parseAbi(['function setValueByKey(string key, string value) returns (int256)']),
    args: ['consensus_leader_period', leaderPeriod],
  });
  const change = await wallet.sign({ to: SYSTEM_CONFIG, value: 0n, data, gas: 500_000n });
  const sent = [change];
  if ((await sendFinal(url, change.raw)).status !== '0x1') throw new Error('the change of the parameter was reverted');
  while ((await termOf()) === term) {
    if (sent.length > BLOCKS_MAX) throw new Error(`term ${term} has not ended after ${BLOCKS_MAX} blocks`);
    const block = await wallet.sign();
    sent.push(block);
    await sendFinal(url, block.raw);
  }
  return sent.map(({ hash }) => hash);
}

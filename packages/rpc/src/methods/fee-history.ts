import { assert, toHeight } from '@hansa/primitives';
import type { Receipt } from '@hansa/protocol';
import { heightOfTag } from '../block-reference.ts';
import { invalidParams, RPC_CODES, RpcRefusal } from '../errors.ts';
import type { MethodCall } from '../method.ts';
import { integerOf, isAbsent, listOf, shown } from '../params.ts';
import { quantity } from '../values.ts';

const PERCENTILE_COUNT_MAX = 100;

/** As go-ethereum serves it; the base fee is the least price of the block's term. */
export async function feeHistory(
  [blockCount, newest, percentiles]: readonly unknown[],
  call: MethodCall,
): Promise<unknown> {
  const { backend, limits } = call;
  const last = heightOfTag(newest, backend, 'newestBlock');
  if (last === undefined) {
    const message = `request beyond head block: requested ${Number(newest)}, head ${backend.head().height}`;
    throw new RpcRefusal(RPC_CODES.refused, message, { code: 'RPC_BLOCK_UNKNOWN', remedy: 'ask for latest' });
  }
  const count = Math.min(integerOf(blockCount, 'blockCount'), limits.feeHistoryCountMax, last + 1);
  const wanted = isAbsent(percentiles) ? undefined : percentilesOf(percentiles);
  if (count === 0) return { oldestBlock: '0x0', baseFeePerGas: [], gasUsedRatio: [] };
  const oldest = toHeight(last - count + 1);
  const baseFeePerGas: bigint[] = [];
  const gasUsedRatio: number[] = [];
  const reward: string[][] = [];
  for (let at: number = oldest; at <= last; at++) {
    await call.pacer.wait();
    call.signal.throwIfAborted();
    const height = toHeight(at);
    const header = backend.headerAt(height);
    assert(header !== undefined, `block ${height} below the head has a header`);
    const price = backend.minimumGasPriceAt(height);
    baseFeePerGas.push(price);
    gasUsedRatio.push(Number(header.gasUsed) / Math.max(1, Number(header.gasLimit)));
    if (wanted === undefined) continue;
    // Most blocks of an idle chain hold nothing that was paid for.
    const receipts = header.gasUsed === 0n ? [] : (backend.receiptsAt(height) ?? []);
    reward.push(tipsAt(receipts, price, wanted).map(quantity));
  }
  const next = last < backend.head().height ? backend.minimumGasPriceAt(toHeight(last + 1)) : backend.gasPrice();
  return {
    oldestBlock: quantity(oldest),
    baseFeePerGas: [...baseFeePerGas, next].map(quantity),
    gasUsedRatio,
    ...(wanted === undefined ? {} : { reward }),
  };
}

function percentilesOf(value: unknown): readonly number[] {
  const list = listOf(value, 'rewardPercentiles', PERCENTILE_COUNT_MAX);
  let previous = 0;
  return list.map((item) => {
    if (typeof item !== 'number' || item < previous || item > 100) {
      throw invalidParams(`rewardPercentiles must ascend between 0 and 100${shown(value)}`);
    }
    previous = item;
    return item;
  });
}

/** What was paid above the base fee, by the gas that was used at it. */
function tipsAt(receipts: readonly Receipt[], baseFee: bigint, percentiles: readonly number[]): bigint[] {
  const paid = receipts
    .map((receipt) => ({ tip: receipt.effectiveGasPrice - baseFee, gas: Number(receipt.gasUsed) }))
    .sort((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0));
  if (paid.length === 0) return percentiles.map(() => 0n);
  const gasUsed = paid.reduce((sum, { gas }) => sum + gas, 0);
  let at = 0;
  let reached = paid[0]?.gas ?? 0;
  return percentiles.map((percentile) => {
    const threshold = (gasUsed * percentile) / 100;
    while (reached < threshold && at < paid.length - 1) reached += paid[++at]?.gas ?? 0;
    return paid[at]?.tip ?? 0n;
  });
}

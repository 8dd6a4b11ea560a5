import { type Height, toHeight } from '@hansa/primitives';
import type { CachedBlock } from '../block-cache.ts';
import { knownHeight } from '../block-reference.ts';
import { invalidParams } from '../errors.ts';
import type { MethodCall } from '../method.ts';
import { integerOf, isAbsent, listOf, shown } from '../params.ts';
import { quantity } from '../values.ts';

const PERCENTILE_COUNT_MAX = 100;

/** As go-ethereum serves it; the base fee is the least price of the block's term. */
export function feeHistory([blockCount, newest, percentiles]: readonly unknown[], call: MethodCall): unknown {
  const { backend, limits } = call;
  const last = knownHeight(newest, backend);
  const count = Math.min(integerOf(blockCount, 'blockCount'), limits.feeHistoryCountMax, last + 1);
  const wanted = isAbsent(percentiles) ? undefined : percentilesOf(percentiles);
  if (count === 0) return { oldestBlock: '0x0', baseFeePerGas: [], gasUsedRatio: [] };
  const oldest = toHeight(last - count + 1);
  const blocks: CachedBlock[] = [];
  for (let height: number = oldest; height <= last; height++) {
    const block = call.blocks.get(height as Height);
    if (block !== undefined) blocks.push(block);
  }
  const next = call.blocks.get(toHeight(last + 1))?.header.baseFeePerGas ?? backend.gasPrice();
  return {
    oldestBlock: quantity(oldest),
    baseFeePerGas: [...blocks.map((block) => block.header.baseFeePerGas), next].map(quantity),
    gasUsedRatio: blocks.map(({ header }) => Number(header.gasUsed) / Math.max(1, Number(header.gasLimit))),
    ...(wanted === undefined ? {} : { reward: blocks.map((block) => tipsAt(block, wanted).map(quantity)) }),
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
function tipsAt({ receipts, header }: CachedBlock, percentiles: readonly number[]): bigint[] {
  const paid = receipts
    .map((receipt) => ({ tip: receipt.effectiveGasPrice - header.baseFeePerGas, gas: Number(receipt.gasUsed) }))
    .sort((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0));
  if (paid.length === 0) return percentiles.map(() => 0n);
  let at = 0;
  let reached = paid[0]?.gas ?? 0;
  return percentiles.map((percentile) => {
    const threshold = (Number(header.gasUsed) * percentile) / 100;
    while (reached < threshold && at < paid.length - 1) reached += paid[++at]?.gas ?? 0;
    return paid[at]?.tip ?? 0n;
  });
}

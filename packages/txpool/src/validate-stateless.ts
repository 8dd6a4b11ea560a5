import { ZERO_ADDRESS } from '@hansa/primitives';
import type { ChainParameters, SignedTransaction } from '@hansa/protocol';
import { type PoolRefusal, poolRefusal } from './errors.ts';
import type { PoolLimits } from './limits.ts';

/** EIP-3860: bytes of init code at the most. */
const INIT_CODE_SIZE_MAX = 49_152;

/**
 * Gas that a transaction needs before it executes anything: EIP-2028 (data), 2930 (access list), 3860 (init code) and
 * 7623 (floor price of data), as of Prague.
 */
export function intrinsicGas(tx: SignedTransaction): bigint {
  let zeroCount = 0;
  for (const byte of tx.data) if (byte === 0) zeroCount++;
  const tokenCount = zeroCount + 4 * (tx.data.length - zeroCount);
  let gas = 21_000 + 4 * tokenCount;
  if (tx.to === undefined) gas += 32_000 + 2 * Math.ceil(tx.data.length / 32);
  for (const entry of tx.accessList) gas += 2_400 + 1_900 * entry.storageKeys.length;
  return BigInt(Math.max(gas, 21_000 + 10 * tokenCount));
}

/** Rules that need no account: what fails here fails everywhere as long as the parameters hold. */
export function validateStateless(
  tx: SignedTransaction,
  rules: {
    readonly chainId: number;
    readonly limits: PoolLimits;
    readonly parameters: ChainParameters;
    readonly isFeeFree: FeeRule;
  },
): PoolRefusal | undefined {
  const { chainId, limits, parameters } = rules;
  const { hash } = tx;
  if (tx.chainId !== chainId) {
    return poolRefusal(
      'POOL_INVALID_CHAIN_ID',
      hash,
      `invalid chain id: this chain has ${chainId}, the transaction is for ${tx.chainId}`,
      `sign the transaction for chain id ${chainId}`,
    );
  }
  if (tx.sender === ZERO_ADDRESS) {
    return poolRefusal(
      'POOL_INVALID_SENDER',
      hash,
      'invalid sender: the signature belongs to nobody',
      'sign the transaction again',
    );
  }
  const sizeMax = Math.min(limits.transactionSizeMax, parameters.blockSizeLimit);
  if (tx.bytes.length > sizeMax) {
    return poolRefusal(
      'POOL_OVERSIZED',
      hash,
      `oversized data: transaction size ${tx.bytes.length}, limit ${sizeMax} bytes`,
      'split the data over several transactions',
    );
  }
  if (tx.to === undefined && tx.data.length > INIT_CODE_SIZE_MAX) {
    return poolRefusal(
      'POOL_INIT_CODE_TOO_LARGE',
      hash,
      `max initcode size exceeded: code size ${tx.data.length}, limit ${INIT_CODE_SIZE_MAX}`,
      'split the contract, or compile it with the optimizer',
    );
  }
  if (tx.maxPriorityFeePerGas > tx.maxFeePerGas) {
    return poolRefusal(
      'POOL_TIP_ABOVE_FEE_CAP',
      hash,
      `max priority fee per gas higher than max fee per gas: ${tx.maxPriorityFeePerGas} above ${tx.maxFeePerGas}`,
      'lower maxPriorityFeePerGas to maxFeePerGas or below',
    );
  }
  const needed = intrinsicGas(tx);
  if (tx.gasLimit < needed) {
    return poolRefusal(
      'POOL_INTRINSIC_GAS_TOO_LOW',
      hash,
      `intrinsic gas too low: have ${tx.gasLimit}, want ${needed}`,
      `set the gas limit to ${needed} or more (eth_estimateGas names it)`,
    );
  }
  return validateParameters(tx, parameters, rules.isFeeFree);
}

/** Whether a transaction below the minimum price may pass all the same. */
export type FeeRule = (tx: SignedTransaction) => boolean;

/** The rules that a change of the chain's parameters can turn over. */
export function validateParameters(
  tx: SignedTransaction,
  parameters: ChainParameters,
  isFeeFree: FeeRule,
): PoolRefusal | undefined {
  const { hash } = tx;
  if (tx.gasLimit > parameters.blockGasLimit) {
    return poolRefusal(
      'POOL_EXCEEDS_BLOCK_GAS_LIMIT',
      hash,
      `exceeds block gas limit: gas limit ${tx.gasLimit}, the block's is ${parameters.blockGasLimit}`,
      'lower the gas limit, or split the work over several transactions',
    );
  }
  if (tx.gasLimit > parameters.txGasLimit) {
    return poolRefusal(
      'POOL_EXCEEDS_TRANSACTION_GAS_LIMIT',
      hash,
      `transaction gas limit too high: gas limit ${tx.gasLimit}, a transaction may have ${parameters.txGasLimit} (EIP-7825)`,
      'lower the gas limit, or split the work over several transactions',
    );
  }
  if (tx.maxFeePerGas >= parameters.minimumGasPrice || isFeeFree(tx)) return undefined;
  if (tx.type === 2) {
    return poolRefusal(
      'POOL_FEE_CAP_TOO_LOW',
      hash,
      `max fee per gas less than block base fee: maxFeePerGas ${tx.maxFeePerGas}, baseFee ${parameters.minimumGasPrice}`,
      `set maxFeePerGas to ${parameters.minimumGasPrice} or more`,
    );
  }
  return poolRefusal(
    'POOL_UNDERPRICED',
    hash,
    `transaction underpriced: gas price ${tx.maxFeePerGas}, the minimum of this chain is ${parameters.minimumGasPrice}`,
    `set the gas price to ${parameters.minimumGasPrice} or more (eth_gasPrice names it)`,
  );
}

import type { AddressHex } from '@hansa/primitives';

/** Parameters that must agree on all nodes; changed by transaction at 0x1000, effective at the start of a term. */
export type ChainParameters = {
  /** Transactions in a proposal at the most. FISCO BCOS: tx_count_limit. */
  readonly txCountLimit: number;
  /** Heights of a term at the most. FISCO BCOS: consensus_leader_period. */
  readonly leaderPeriod: number;
  /** Gas of one transaction at the most. FISCO BCOS: tx_gas_limit. */
  readonly txGasLimit: bigint;
  /** Minimum price of gas in wei, the EVM's BASEFEE. FISCO BCOS: tx_gas_price. */
  readonly minimumGasPrice: bigint;
  /** hansa_block_gas_limit */
  readonly blockGasLimit: bigint;
  /** Bytes of the transactions of one proposal at the most. hansa_block_size_limit */
  readonly blockSizeLimit: number;
  /** Heights in flight. hansa_window */
  readonly window: number;
  /** hansa_view_timeout_base_ms */
  readonly viewTimeoutBaseMs: number;
  /** hansa_view_timeout_cap_ms */
  readonly viewTimeoutCapMs: number;
  /** How far a proposal's time may be from a validator's clock. hansa_clock_skew_ms */
  readonly clockSkewMs: number;
  /** The EVM's COINBASE. hansa_fee_recipient */
  readonly feeRecipient: AddressHex;
  /** Terms after which an absent validator becomes an observer (GOV-50); 0: never. hansa_demotion_terms */
  readonly demotionTerms: number;
};

export const DEFAULT_CHAIN_PARAMETERS: ChainParameters = {
  txCountLimit: 1000,
  leaderPeriod: 256,
  txGasLimit: 16_777_216n,
  minimumGasPrice: 0n,
  blockGasLimit: 30_000_000n,
  blockSizeLimit: 1_048_576,
  window: 8,
  viewTimeoutBaseMs: 1_000,
  viewTimeoutCapMs: 4_000,
  clockSkewMs: 3_000,
  feeRecipient: '0'.repeat(40) as AddressHex,
  demotionTerms: 4,
};

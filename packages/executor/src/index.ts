export { type AbiType, type AbiValue, decodeAbi, encodeAbi, encodeCall, selectorOf, topicOf } from './abi.ts';
export { type BlockInput, type ExecutedBlock, executeBlock } from './execute-block.ts';
export { createdAddress } from './execute-transaction.ts';
export { effectiveGasPrice, INIT_CODE_SIZE_MAX, type IntrinsicGas, intrinsicGas } from './gas.ts';
export { buildGenesisBlock, type GenesisBlock } from './genesis.ts';
export { SYSTEM_CONTRACTS } from './system/index.ts';

export { type CompiledContract, compile, TOKEN_SOURCE } from './solidity.ts';

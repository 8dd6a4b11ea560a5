import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Abi } from 'viem';

const require = createRequire(import.meta.url);

export type CompiledContract = { readonly abi: Abi; readonly bytecode: `0x${string}` };

type CompilerOutput = {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly abi: Abi; readonly evm: { readonly bytecode: { readonly object: string } } }>>
    >
  >;
};

/** Compiles one contract of a source that may import from installed packages such as @openzeppelin/contracts. */
export function compile(source: string, name: string): CompiledContract {
  const contract = compileAll(source).get(name);
  if (contract === undefined) throw new Error(`the source has no contract ${name}`);
  return contract;
}

/** All contracts of a source but those that it imports, by name. Takes seconds. */
export function compileAll(source: string): ReadonlyMap<string, CompiledContract> {
  const solc = require('solc') as { compile(input: string, callbacks: object): string };
  const input = {
    language: 'Solidity',
    sources: { 'Test.sol': { content: source } },
    settings: {
      evmVersion: 'prague',
      optimizer: { enabled: true, runs: 200 },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  };
  const find = (path: string): { contents: string } | { error: string } => {
    try {
      return { contents: readFileSync(require.resolve(path), 'utf8') };
    } catch (error) {
      return { error: String(error) };
    }
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find })) as CompilerOutput;
  const errors = (output.errors ?? []).filter((error) => error.severity === 'error');
  if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join('\n'));
  const contracts = Object.entries(output.contracts['Test.sol'] ?? {});
  return new Map(contracts.map(([name, { abi, evm }]) => [name, { abi, bytecode: `0x${evm.bytecode.object}` }]));
}

/** An ERC-20 token of OpenZeppelin whose deployer holds the first supply. */
export const TOKEN_SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
contract Token is ERC20 {
  constructor(uint256 supply) ERC20("Consortium Token", "CTK") { _mint(msg.sender, supply); }
}
`;

/** Names of opcodes, as EthereumJS and go-ethereum have them. */
const NAMED: readonly (readonly [first: number, names: string])[] = [
  [0x00, 'STOP ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD EXP SIGNEXTEND'],
  [0x10, 'LT GT SLT SGT EQ ISZERO AND OR XOR NOT BYTE SHL SHR SAR'],
  [0x20, 'KECCAK256'],
  [0x30, 'ADDRESS BALANCE ORIGIN CALLER CALLVALUE CALLDATALOAD CALLDATASIZE CALLDATACOPY CODESIZE CODECOPY GASPRICE'],
  [0x3b, 'EXTCODESIZE EXTCODECOPY RETURNDATASIZE RETURNDATACOPY EXTCODEHASH'],
  [0x40, 'BLOCKHASH COINBASE TIMESTAMP NUMBER PREVRANDAO GASLIMIT CHAINID SELFBALANCE BASEFEE BLOBHASH BLOBBASEFEE'],
  [0x50, 'POP MLOAD MSTORE MSTORE8 SLOAD SSTORE JUMP JUMPI PC MSIZE GAS JUMPDEST TLOAD TSTORE MCOPY'],
  [0x5f, Array.from({ length: 33 }, (_, size) => `PUSH${size}`).join(' ')],
  [0x80, Array.from({ length: 16 }, (_, i) => `DUP${i + 1}`).join(' ')],
  [0x90, Array.from({ length: 16 }, (_, i) => `SWAP${i + 1}`).join(' ')],
  [0xa0, 'LOG0 LOG1 LOG2 LOG3 LOG4'],
  [0xf0, 'CREATE CALL CALLCODE RETURN DELEGATECALL CREATE2'],
  [0xfa, 'STATICCALL'],
  [0xfd, 'REVERT'],
  [0xff, 'SELFDESTRUCT'],
];

const NAMES: ReadonlyMap<number, string> = new Map(
  NAMED.flatMap(([first, names]) => names.split(' ').map((name, index) => [first + index, name] as const)),
);

export const opcodeName = (opcode: number): string => NAMES.get(opcode) ?? 'INVALID';

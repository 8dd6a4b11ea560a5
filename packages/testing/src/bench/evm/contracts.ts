/** Contracts that the suite calls. */
export const BENCH_SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

contract Token is ERC20 {
  constructor(uint256 supply) ERC20("Consortium Token", "CTK") { _mint(msg.sender, supply); }
}

contract Store {
  uint256 public value;
  function set(uint256 next) external { value = next; }
}

contract Loops {
  mapping(uint256 => uint256) private slots;
  function add(uint256 count) external pure returns (uint256 sum) {
    for (uint256 i = 0; i < count; i++) sum += i;
  }
  function digest(uint256 count) external pure returns (bytes32 chain) {
    for (uint256 i = 0; i < count; i++) chain = keccak256(abi.encode(chain, i));
  }
  function sweep(uint256 count, uint256 next) external {
    for (uint256 i = 0; i < count; i++) slots[i] = next + i;
  }
}

contract Deeds is ERC721 {
  uint256 private count;
  constructor() ERC721("Deeds", "DEED") {}
  function mint(address to) external { _safeMint(to, ++count); }
}

/** Constant product with a fee of 0.3 %, as Uniswap's second version has it. */
contract Pool is ERC20 {
  IERC20 public immutable token0;
  IERC20 public immutable token1;
  uint112 private reserve0;
  uint112 private reserve1;
  uint32 private updatedAt;
  event Swap(address indexed sender, uint256 amountIn, uint256 amountOut, bool isFirst, address indexed to);
  constructor(IERC20 a, IERC20 b) ERC20("Pool", "POOL") { token0 = a; token1 = b; }
  function sync() external {
    reserve0 = uint112(token0.balanceOf(address(this)));
    reserve1 = uint112(token1.balanceOf(address(this)));
    updatedAt = uint32(block.timestamp);
  }
  function swap(uint256 amountIn, bool isFirst, address to) external returns (uint256 amountOut) {
    (uint256 before, uint256 other) = isFirst ? (reserve0, reserve1) : (reserve1, reserve0);
    uint256 withFee = amountIn * 997;
    amountOut = (withFee * other) / (before * 1000 + withFee);
    require(amountOut > 0 && amountOut < other, "liquidity");
    (IERC20 from, IERC20 into) = isFirst ? (token0, token1) : (token1, token0);
    require(from.transferFrom(msg.sender, address(this), amountIn));
    require(into.transfer(to, amountOut));
    uint256 balance0 = token0.balanceOf(address(this));
    uint256 balance1 = token1.balanceOf(address(this));
    require(balance0 * balance1 >= uint256(reserve0) * uint256(reserve1), "K");
    (reserve0, reserve1, updatedAt) = (uint112(balance0), uint112(balance1), uint32(block.timestamp));
    emit Swap(msg.sender, amountIn, amountOut, isFirst, to);
  }
}
`;

const CODE_SIZE = 24_576;

/** A contract of the largest size that stores one word and ends; the rest of it is code that a first call analyses. */
export function largeContract(number: number): Uint8Array {
  const code = new Uint8Array(CODE_SIZE);
  // PUSH4 number, PUSH0, SSTORE, STOP; then JUMPDESTs and pushes of all sizes.
  code.set([0x63, number >>> 24, (number >>> 16) & 0xff, (number >>> 8) & 0xff, number & 0xff, 0x5f, 0x55, 0x00]);
  for (let i = 8; i < CODE_SIZE; i++) code[i] = i % 3 === 0 ? 0x5b : 0x60 + ((i * 7 + number) % 32);
  return code;
}

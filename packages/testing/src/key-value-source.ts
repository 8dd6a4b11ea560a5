/** A table of bytes by key: what a consortium that keeps documents or readings on its chain writes. */
export const KEY_VALUE_SOURCE = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;
contract KeyValue {
  mapping(bytes32 => bytes) private values;
  function put(bytes32 key, bytes calldata value) external { values[key] = value; }
  function get(bytes32 key) external view returns (bytes memory) { return values[key]; }
}
`;

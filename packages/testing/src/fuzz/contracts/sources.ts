/** Contracts as people deploy them: OpenZeppelin's, a pair in the manner of Uniswap's second version, evidence, and callers. */
export const CONTRACT_SOURCE = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {ERC20Pausable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Pausable.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";
import {ERC721Enumerable} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721Enumerable.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";

contract Coin is ERC20, ERC20Burnable, ERC20Pausable, ERC20Permit, AccessControl {
  bytes32 public constant MINTER_ROLE = keccak256("MINTER_ROLE");
  bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

  constructor(string memory name, uint256 supply) ERC20(name, name) ERC20Permit(name) {
    _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
    _grantRole(MINTER_ROLE, msg.sender);
    _grantRole(PAUSER_ROLE, msg.sender);
    _mint(msg.sender, supply);
  }

  function mint(address to, uint256 amount) external onlyRole(MINTER_ROLE) { _mint(to, amount); }
  function pause() external onlyRole(PAUSER_ROLE) { _pause(); }
  function unpause() external onlyRole(PAUSER_ROLE) { _unpause(); }
  function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Pausable) {
    super._update(from, to, value);
  }
}

contract Deeds is ERC721Enumerable {
  uint256 private count;

  constructor() ERC721("Deeds", "DEED") {}

  function mint(address to, bytes calldata data) external returns (uint256 id) {
    id = ++count;
    _safeMint(to, id, data);
  }

  function burn(uint256 id) external { _update(address(0), id, msg.sender); }
  function _baseURI() internal pure override returns (string memory) { return "https://deeds.example/a-path-of-some-length/"; }
}

interface IPairCallee { function onFlash(address sender, uint256 amount0, uint256 amount1, bytes calldata data) external; }

/** Constant product with a fee of 0.3 %, flash swaps and accumulated prices. */
contract Pair is ERC20, ReentrancyGuard {
  using SafeERC20 for IERC20;

  uint256 private constant LOCKED = 1000;
  IERC20 public immutable token0;
  IERC20 public immutable token1;
  uint112 private reserve0;
  uint112 private reserve1;
  uint32 private updatedAt;
  uint256 public price0;
  uint256 public price1;

  event Sync(uint112 reserve0, uint112 reserve1);
  event Swap(address indexed sender, uint256 in0, uint256 in1, uint256 out0, uint256 out1, address indexed to);
  error Insufficient(bytes4 what);
  error ProductTooLow(uint256 product, uint256 wanted);

  constructor(IERC20 a, IERC20 b) ERC20("Pair", "PAIR") { (token0, token1) = a < b ? (a, b) : (b, a); }

  function reserves() external view returns (uint112, uint112, uint32) { return (reserve0, reserve1, updatedAt); }

  function provide(address to) external nonReentrant returns (uint256 shares) {
    (uint256 balance0, uint256 balance1) = balances();
    uint256 amount0 = balance0 - reserve0;
    uint256 amount1 = balance1 - reserve1;
    uint256 supply = totalSupply();
    if (supply == 0) {
      shares = Math.sqrt(amount0 * amount1) - LOCKED;
      _mint(address(0xdead), LOCKED);
    } else shares = Math.min(amount0 * supply / reserve0, amount1 * supply / reserve1);
    if (shares == 0) revert Insufficient("mint");
    _mint(to, shares);
    write(balance0, balance1);
  }

  function redeem(address to) external nonReentrant returns (uint256 amount0, uint256 amount1) {
    (uint256 balance0, uint256 balance1) = balances();
    uint256 shares = balanceOf(address(this));
    amount0 = shares * balance0 / totalSupply();
    amount1 = shares * balance1 / totalSupply();
    if (amount0 == 0 || amount1 == 0) revert Insufficient("burn");
    _burn(address(this), shares);
    token0.safeTransfer(to, amount0);
    token1.safeTransfer(to, amount1);
    (balance0, balance1) = balances();
    write(balance0, balance1);
  }

  function swap(uint256 out0, uint256 out1, address to, bytes calldata data) external nonReentrant {
    if (out0 == 0 && out1 == 0) revert Insufficient("out");
    if (out0 >= reserve0 || out1 >= reserve1) revert Insufficient("pool");
    require(to != address(token0) && to != address(token1), "to");
    if (out0 > 0) token0.safeTransfer(to, out0);
    if (out1 > 0) token1.safeTransfer(to, out1);
    if (data.length > 0) IPairCallee(to).onFlash(msg.sender, out0, out1, data);
    (uint256 balance0, uint256 balance1) = balances();
    uint256 in0 = balance0 > reserve0 - out0 ? balance0 - (reserve0 - out0) : 0;
    uint256 in1 = balance1 > reserve1 - out1 ? balance1 - (reserve1 - out1) : 0;
    if (in0 == 0 && in1 == 0) revert Insufficient("in");
    uint256 product = (balance0 * 1000 - in0 * 3) * (balance1 * 1000 - in1 * 3);
    uint256 wanted = uint256(reserve0) * reserve1 * 1000 ** 2;
    if (product < wanted) revert ProductTooLow(product, wanted);
    write(balance0, balance1);
    emit Swap(msg.sender, in0, in1, out0, out1, to);
  }

  function skim(address to) external nonReentrant {
    token0.safeTransfer(to, token0.balanceOf(address(this)) - reserve0);
    token1.safeTransfer(to, token1.balanceOf(address(this)) - reserve1);
  }

  function sync() external nonReentrant {
    (uint256 balance0, uint256 balance1) = balances();
    write(balance0, balance1);
  }

  function balances() private view returns (uint256, uint256) {
    return (token0.balanceOf(address(this)), token1.balanceOf(address(this)));
  }

  function write(uint256 balance0, uint256 balance1) private {
    require(balance0 <= type(uint112).max && balance1 <= type(uint112).max, "overflow");
    unchecked {
      uint32 now32 = uint32(block.timestamp);
      uint32 passed = now32 - updatedAt;
      if (passed > 0 && reserve0 != 0 && reserve1 != 0) {
        price0 += ((uint256(reserve1) << 112) / reserve0) * passed;
        price1 += ((uint256(reserve0) << 112) / reserve1) * passed;
      }
      (reserve0, reserve1, updatedAt) = (uint112(balance0), uint112(balance1), now32);
    }
    emit Sync(reserve0, reserve1);
  }
}

/** Evidence: digests with a holder, a note and attestations; behind a proxy. */
contract Evidence is Initializable, UUPSUpgradeable {
  enum State { None, Filed, Attested, Revoked }
  struct Entry { address holder; uint64 filedAt; State state; string note; address[] attestors; bytes32 previous; }

  address public owner;
  bytes32 public head;
  uint256 public count;
  mapping(bytes32 => Entry) private entries;
  mapping(address => bytes32[]) private filed;

  event Filed(bytes32 indexed digest, address indexed holder, string note);
  event Attested(bytes32 indexed digest, address indexed by, uint256 count);
  event Revoked(bytes32 indexed digest) anonymous;
  error Known(bytes32 digest, address holder);
  error Unknown(bytes32 digest);
  error NotAllowed(address who, State state);

  function initialize(address first) external initializer { owner = first; }

  function file(bytes32 digest, string calldata note) public {
    Entry storage entry = entries[digest];
    if (entry.state != State.None) revert Known(digest, entry.holder);
    entry.holder = msg.sender;
    entry.filedAt = uint64(block.timestamp);
    entry.state = State.Filed;
    entry.note = note;
    entry.previous = head;
    head = keccak256(abi.encodePacked(head, digest, blockhash(block.number - 1)));
    count++;
    filed[msg.sender].push(digest);
    emit Filed(digest, msg.sender, note);
  }

  function fileAll(bytes32[] calldata digests, string calldata note) external {
    for (uint256 i = 0; i < digests.length; i++) file(digests[i], note);
  }

  function attest(bytes32 digest) external {
    Entry storage entry = entries[digest];
    if (entry.state == State.None) revert Unknown(digest);
    if (entry.state == State.Revoked || entry.holder == msg.sender) revert NotAllowed(msg.sender, entry.state);
    entry.state = State.Attested;
    entry.attestors.push(msg.sender);
    emit Attested(digest, msg.sender, entry.attestors.length);
  }

  function amend(bytes32 digest, string calldata note) external {
    Entry storage entry = entries[digest];
    if (entry.holder != msg.sender) revert NotAllowed(msg.sender, entry.state);
    entry.note = string.concat(note, entry.note);
  }

  function revoke(bytes32 digest) external {
    Entry storage entry = entries[digest];
    if (entry.holder != msg.sender) revert NotAllowed(msg.sender, entry.state);
    delete entries[digest];
    bytes32[] storage own = filed[msg.sender];
    for (uint256 i = 0; i < own.length; i++) {
      if (own[i] != digest) continue;
      own[i] = own[own.length - 1];
      own.pop();
      break;
    }
    emit Revoked(digest);
  }

  function hand(bytes32 digest, address to) external {
    if (entries[digest].holder != msg.sender) revert NotAllowed(msg.sender, entries[digest].state);
    entries[digest].holder = to;
  }

  function show(bytes32 digest) external view returns (Entry memory) { return entries[digest]; }
  function filedBy(address who) external view returns (bytes32[] memory) { return filed[who]; }
  function proves(bytes32[] calldata proof, bytes32 leaf) external view returns (bool) {
    return MerkleProof.verify(proof, head, leaf);
  }
  function signedBy(bytes32 digest, uint8 v, bytes32 r, bytes32 s) external view returns (bool) {
    return ecrecover(digest, v, r, s) == owner;
  }
  function kept(bytes calldata data) external pure returns (bytes32, bytes20) { return (sha256(data), ripemd160(data)); }
  function _authorizeUpgrade(address) internal view override { require(msg.sender == owner, "owner"); }
}

/** Calls what it is told to, receives what it is sent, and makes copies of itself. */
contract Relay is Initializable, IERC721Receiver, IPairCallee {
  uint256 public mode;
  bytes public last;
  address public maker;
  uint256 private transient depth;

  event Called(address indexed target, bool isDone, bytes output);
  event Made(address made, uint256 salt);

  function start(address by) external initializer { maker = by; }
  function setMode(uint256 to) external payable { mode = to; }

  function call(address target, uint256 value, bytes calldata data) external payable returns (bytes memory output) {
    bool isDone;
    (isDone, output) = target.call{value: value}(data);
    emit Called(target, isDone, output);
    last = output;
  }

  function callStrictly(address target, bytes calldata data) external returns (bytes memory) {
    (bool isDone, bytes memory output) = target.call(data);
    if (isDone) return output;
    assembly { revert(add(output, 32), mload(output)) }
  }

  function callTwice(address target, uint256 gasLimit, bytes calldata data) external {
    (bool isDone, ) = target.call{gas: gasLimit}(data);
    (bool isDoneAgain, ) = target.call(data);
    emit Called(target, isDone && isDoneAgain, "");
  }

  function read(address target, bytes calldata data) external returns (bool isDone) {
    bytes memory output;
    (isDone, output) = target.staticcall(data);
    emit Called(target, isDone, output);
  }

  function borrow(address target, bytes calldata data) external returns (bool isDone) {
    bytes memory output;
    (isDone, output) = target.delegatecall(data);
    emit Called(target, isDone, output);
  }

  function nest(uint256 levels, address target, bytes calldata data) external {
    if (levels == 0) {
      (bool isDone, bytes memory output) = target.call(data);
      emit Called(target, isDone, output);
      return;
    }
    try this.nest(levels > 20 ? 20 : levels - 1, target, data) { depth++; } catch { mode = levels; revert("nested"); }
    if (depth % 3 == 2) revert("third");
  }

  function make(uint256 salt, bool isStarted) external payable returns (address made) {
    made = salt == 0 ? Clones.clone(address(this)) : Clones.cloneDeterministic(address(this), bytes32(salt), msg.value);
    if (isStarted) Relay(payable(made)).start(msg.sender);
    emit Made(made, salt);
  }

  function makeNew(uint256 salt, bool isShort) external payable returns (address made) {
    made = isShort
      ? address(new Short{salt: bytes32(salt), value: msg.value}(salt))
      : address(new Coin("Made", salt));
    emit Made(made, salt);
  }

  function onERC721Received(address, address, uint256 id, bytes calldata data) external returns (bytes4) {
    if (mode % 4 == 1) return 0x12345678;
    if (mode % 4 == 2) revert("no deeds");
    if (mode % 4 == 3) Deeds(msg.sender).transferFrom(address(this), maker, id);
    last = data;
    return this.onERC721Received.selector;
  }

  function onFlash(address, uint256 amount0, uint256 amount1, bytes calldata data) external {
    Pair pair = Pair(msg.sender);
    if (mode % 4 == 2) pair.sync();
    uint256 more = mode % 4 == 1 ? 0 : 1;
    if (amount0 > 0) pair.token0().transfer(msg.sender, amount0 + amount0 * 4 / 1000 + more);
    if (amount1 > 0) pair.token1().transfer(msg.sender, amount1 + amount1 * 4 / 1000 + more);
    last = data;
  }

  receive() external payable { if (mode % 4 == 2) revert("no money"); }
}

/** Ends itself, in the transaction that made it or later. */
contract Short {
  uint256 private value;
  constructor(uint256 first) payable {
    value = first;
    if (first % 3 == 1) selfdestruct(payable(msg.sender));
    require(first % 3 != 2, "two");
  }
  function end(address payable to) external { value = 0; selfdestruct(to); }
}

/** In the source, so that the compiler makes it. */
contract Proxy is ERC1967Proxy { constructor(address code, bytes memory data) payable ERC1967Proxy(code, data) {} }
`;

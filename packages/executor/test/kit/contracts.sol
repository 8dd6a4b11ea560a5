// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

contract Token is ERC20 {
    constructor(uint256 supply) ERC20("Consortium Token", "CTK") {
        _mint(msg.sender, supply);
    }
}

/// State, events, errors of every kind.
contract Store {
    uint256 public value;
    mapping(uint256 => uint256) public slots;
    uint256 transient flag;

    event Changed(address indexed by, uint256 indexed before, uint256 afterwards, string note);

    error TooHigh(uint256 asked, uint256 highest);

    function set(uint256 to) external payable {
        emit Changed(msg.sender, value, to, "set");
        value = to;
    }

    function setAndFail(uint256 to) external payable {
        emit Changed(msg.sender, value, to, "fails");
        value = to;
        slots[to] = to;
        revert TooHigh(to, 7);
    }

    function setAndPanic(uint256 to) external {
        value = to;
        assert(to == value + 1);
    }

    function setAndSpin(uint256 to) external {
        value = to;
        while (true) slots[to++] = to;
    }

    function fillAndClear(uint256 from, uint256 count, uint256 to) external {
        for (uint256 i = from; i < from + count; i++) slots[i] = to;
    }

    /// The flag of this transaction alone: 0 for the first call in it.
    function takeFlag() public returns (uint256 before) {
        before = flag;
        flag = before + 1;
    }

    function takeFlagThrice() external returns (uint256, uint256, uint256) {
        return (takeFlag(), this.takeFlag(), takeFlag());
    }

    /// Gas of a first and a second read of one slot.
    function readTwice(uint256 slot) external returns (uint256 first, uint256 second) {
        uint256 start = gasleft();
        uint256 sum = slots[slot];
        first = start - gasleft();
        start = gasleft();
        sum += slots[slot];
        second = start - gasleft();
        value = sum;
    }

    function tryFail(Store other, uint256 to) external returns (bool isFine) {
        value = to;
        try other.setAndFail(to) {
            isFine = true;
        } catch {}
    }

    receive() external payable {}
}

contract Environment {
    struct Facts {
        uint256 number;
        uint256 timestamp;
        uint256 gasLimit;
        address coinbase;
        uint256 baseFee;
        uint256 random;
        uint256 chainId;
        uint256 gasPrice;
        address origin;
        uint256 blobBaseFee;
    }

    Facts public facts;
    mapping(uint256 => bytes32) public hashes;

    function note(uint256[] calldata heights) external {
        facts = Facts(
            block.number,
            block.timestamp,
            block.gaslimit,
            block.coinbase,
            block.basefee,
            block.prevrandao,
            block.chainid,
            tx.gasprice,
            tx.origin,
            block.blobbasefee
        );
        for (uint256 i = 0; i < heights.length; i++) hashes[heights[i]] = blockhash(heights[i]);
    }

    function hashOf(uint256 height) external view returns (bytes32) {
        return blockhash(height);
    }
}

contract Mortal {
    uint256 public value = 7;

    constructor() payable {}

    function die(address payable heir) external {
        selfdestruct(heir);
    }
}

contract Factory {
    event Made(address made);

    function make(bytes32 salt) public payable returns (Mortal made) {
        made = new Mortal{salt: salt, value: msg.value}();
        emit Made(address(made));
    }

    function makeAndKill(bytes32 salt, address payable heir) external payable returns (address) {
        Mortal made = make(salt);
        made.die(heir);
        return address(made);
    }

    function makeAndKillForItself(bytes32 salt) external payable {
        Mortal made = make(salt);
        made.die(payable(address(made)));
    }

    function makeTwice(bytes32 salt) external returns (address first, bool isSecondMade) {
        first = address(make(salt));
        try this.make(salt) {
            isSecondMade = true;
        } catch {}
    }
}

interface TableManager {
    function createKVTable(string memory name, string memory key, string memory value) external returns (int32);
    function openTable(string memory name) external view returns (address);
}

interface KVTable {
    function set(string memory key, string memory value) external returns (int32);
    function get(string memory key) external view returns (bool, string memory);
}

/// Keeps records in a table of its own, as contracts for FISCO BCOS do.
contract Keeper {
    TableManager constant MANAGER = TableManager(address(0x1002));

    /// All in one transaction: looks at the account before there is a table, makes it, and uses it.
    function begin(string memory name, string memory key, string memory value, address table)
        external
        returns (uint256 before, uint256 afterwards, bool isThere, string memory found)
    {
        before = table.code.length;
        require(MANAGER.createKVTable(name, "id", "document") == 0, "no table");
        afterwards = table.code.length;
        require(MANAGER.openTable(name) == table, "another table");
        require(KVTable(table).set(key, value) == 1, "no row");
        (isThere, found) = KVTable(table).get(key);
    }

    function beginAndFail(string memory name, string memory key, string memory value, address table) external {
        this.begin(name, key, value, table);
        require(false, "all of it is taken back");
    }

    /// The code of the table after a frame that made it has failed.
    function tryBegin(string memory name, string memory key, string memory value, address table)
        external
        returns (uint256 size)
    {
        try this.beginAndFail(name, key, value, table) {} catch {}
        return table.code.length;
    }
}

/// Calls others in all ways.
contract Caller {
    bool public isFine;
    bytes public answer;

    function forward(address to, bytes calldata data) external payable returns (bool, bytes memory) {
        (isFine, answer) = to.call{value: msg.value}(data);
        return (isFine, answer);
    }

    function forwardWithGas(address to, bytes calldata data, uint256 gasCount) external returns (bool, bytes memory) {
        (isFine, answer) = to.call{gas: gasCount}(data);
        return (isFine, answer);
    }

    function forwardStatic(address to, bytes calldata data) external returns (bool, bytes memory) {
        (isFine, answer) = to.staticcall(data);
        return (isFine, answer);
    }

    function forwardDelegate(address to, bytes calldata data) external returns (bool, bytes memory) {
        (isFine, answer) = to.delegatecall{gas: 100000}(data);
        return (isFine, answer);
    }

    function forwardAndFail(address to, bytes calldata data) external {
        (isFine, answer) = to.call(data);
        require(false, "all of it is taken back");
    }

    function deep(uint256 depth, address to, bytes calldata data) external returns (uint256) {
        if (depth > 0) return this.deep(depth - 1, to, data) + 1;
        (bool isInnerFine, ) = to.call(data);
        if (!isInnerFine) revert("deep down");
        return 0;
    }
}

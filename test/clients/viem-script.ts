/** What a developer does with viem, start to end. Returns what a test wants to look at. */
import {
  type Abi,
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  createWalletClient,
  defineChain,
  type Hash,
  http,
  parseAbi,
  parseEther,
  webSocket,
} from 'viem';
import { mnemonicToAccount } from 'viem/accounts';

const MNEMONIC = 'test test test test test test test test test test test junk';
const ERC20 = parseAbi([
  'event Transfer(address indexed from, address indexed to, uint256 value)',
  'function transfer(address to, uint256 value) returns (bool)',
  'function balanceOf(address account) view returns (uint256)',
  'function name() view returns (string)',
  'error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)',
]);

export type ScriptInput = { readonly urls: readonly string[]; readonly token: { abi: Abi; bytecode: `0x${string}` } };

export type ScriptResult = {
  /** Change of the receiver's balance in wei. */
  readonly received: bigint;
  readonly tokenName: string;
  readonly tokenBalance: bigint;
  readonly eventValues: readonly bigint[];
  readonly subscribedValues: readonly bigint[];
  readonly customError: { readonly name: string; readonly args: readonly unknown[] };
  readonly estimateError: string;
  /** Hash of the last block as each node gives it. */
  readonly blockHashes: readonly string[];
};

export async function runViemScript({ urls, token }: ScriptInput): Promise<ScriptResult> {
  const url = urls[0] as string;
  const chain = defineChain({
    id: 20_200,
    name: 'Hansa devnet',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  });
  const account = mnemonicToAccount(MNEMONIC, { addressIndex: 4 });
  const receiver = mnemonicToAccount(MNEMONIC, { addressIndex: 5 }).address;
  const client = createPublicClient({ chain, transport: http(url), pollingInterval: 50 });
  const wallet = createWalletClient({ account, chain, transport: http(url) });
  const socket = createPublicClient({ chain, transport: webSocket(url.replace('http', 'ws')) });

  const before = await client.getBalance({ address: receiver });
  const transfer = await wallet.sendTransaction({ to: receiver, value: parseEther('1.5') });
  await client.waitForTransactionReceipt({ hash: transfer });
  const received = (await client.getBalance({ address: receiver })) - before;

  const deployment = await wallet.deployContract({ ...token, args: [1_000n] });
  const { contractAddress } = await client.waitForTransactionReceipt({ hash: deployment });
  const contract = { address: contractAddress as Address, abi: ERC20 };

  const subscribedValues: bigint[] = [];
  const subscribed = new Promise<void>((resolve, reject) => {
    socket.watchContractEvent({
      ...contract,
      eventName: 'Transfer',
      onLogs: (logs) => {
        for (const log of logs) subscribedValues.push(log.args.value as bigint);
        if (subscribedValues.length >= 2) resolve();
      },
      onError: reject,
    });
  });
  // The subscription is sent before this call on the same socket, and is answered before it.
  await socket.getChainId();
  let last: Hash = deployment;
  for (const value of [100n, 25n]) {
    last = await wallet.writeContract({ ...contract, functionName: 'transfer', args: [receiver, value] });
    await client.waitForTransactionReceipt({ hash: last });
  }
  await subscribed;
  const logs = await client.getContractEvents({
    ...contract,
    eventName: 'Transfer',
    args: { to: receiver },
    fromBlock: 0n,
  });

  const tooMuch = { ...contract, functionName: 'transfer', args: [receiver, 10_000n], account } as const;
  const customError = await client.simulateContract(tooMuch).then(
    () => ({ name: 'none', args: [] }),
    (error: unknown) => revertOf(error),
  );
  const estimateError = await client.estimateContractGas(tooMuch).then(
    () => 'none',
    (error: unknown) => revertOf(error).name,
  );

  const { blockNumber } = await client.getTransactionReceipt({ hash: last });
  const blockHashes = await Promise.all(urls.map((each) => hashAt(each, blockNumber)));
  const result = {
    received,
    tokenName: await client.readContract({ ...contract, functionName: 'name' }),
    tokenBalance: await client.readContract({ ...contract, functionName: 'balanceOf', args: [receiver] }),
    eventValues: logs.map((log) => log.args.value as bigint),
    subscribedValues,
    customError,
    estimateError,
    blockHashes,
  };
  (await socket.transport.getRpcClient()).close();
  return result;
}

/** A node may be a block behind for a moment: viem asks again until it has it. */
async function hashAt(url: string, blockNumber: bigint): Promise<string> {
  const client = createPublicClient({ transport: http(url), pollingInterval: 50 });
  return new Promise((resolve, reject) => {
    const unwatch = client.watchBlockNumber({
      emitOnBegin: true,
      poll: true,
      onBlockNumber: (number) => {
        if (number < blockNumber) return;
        unwatch();
        client.getBlock({ blockNumber }).then((block) => resolve(block.hash), reject);
      },
      onError: reject,
    });
  });
}

function revertOf(error: unknown): { name: string; args: readonly unknown[] } {
  const reverted = error instanceof BaseError ? error.walk((e) => e instanceof ContractFunctionRevertedError) : null;
  if (!(reverted instanceof ContractFunctionRevertedError)) throw error;
  return { name: reverted.data?.errorName ?? 'unknown', args: reverted.data?.args ?? [] };
}

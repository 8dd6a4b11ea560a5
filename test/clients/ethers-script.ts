/** The same as viem-script.ts with ethers. */
import {
  Contract,
  ContractFactory,
  type EventLog,
  HDNodeWallet,
  type InterfaceAbi,
  isCallException,
  JsonRpcProvider,
  NonceManager,
  parseEther,
  WebSocketProvider,
} from 'ethers';
import type { ScriptInput, ScriptResult } from './viem-script.ts';

const MNEMONIC = 'test test test test test test test test test test test junk';
const accountAt = (index: number): HDNodeWallet =>
  HDNodeWallet.fromPhrase(MNEMONIC, undefined, `m/44'/60'/0'/0/${index}`);

export async function runEthersScript({ urls, token }: ScriptInput): Promise<ScriptResult> {
  const url = urls[0] as string;
  const providers = urls.map((each) => new JsonRpcProvider(each, undefined, { pollingInterval: 50 }));
  const provider = providers[0] as JsonRpcProvider;
  const socket = new WebSocketProvider(url.replace('http', 'ws'));
  const signer = new NonceManager(accountAt(6).connect(provider));
  const receiver = accountAt(7).address;
  try {
    const before = await provider.getBalance(receiver);
    const payment = await (await signer.sendTransaction({ to: receiver, value: parseEther('1.5') })).wait();
    // By height, since ethers keeps each answer for a quarter of a second.
    const received = (await provider.getBalance(receiver, payment?.blockNumber)) - before;

    const factory = new ContractFactory(token.abi as InterfaceAbi, token.bytecode, signer);
    const deployed = await (await factory.deploy(1_000n)).waitForDeployment();
    const contract = new Contract(await deployed.getAddress(), token.abi as InterfaceAbi, signer);

    const subscribedValues: bigint[] = [];
    const listening = new Contract(await deployed.getAddress(), token.abi as InterfaceAbi, socket);
    let onSecond: () => void = () => undefined;
    const subscribed = new Promise<void>((resolve) => {
      onSecond = resolve;
    });
    await listening.on('Transfer', (_from: string, _to: string, value: bigint) => {
      subscribedValues.push(value);
      if (subscribedValues.length === 2) onSecond();
    });
    // Answered after the subscription, which went over the same socket before it.
    await socket.send('eth_chainId', []);
    let blockNumber = 0;
    for (const value of [100n, 25n]) {
      const sent = await contract.getFunction('transfer')(receiver, value);
      blockNumber = (await sent.wait()).blockNumber;
    }
    await subscribed;
    const logs = await contract.queryFilter(contract.getEvent('Transfer')(null, receiver), 0);

    const transfer = contract.getFunction('transfer');
    const customError = await transfer.staticCall(receiver, 10_000n).then(() => ({ name: 'none', args: [] }), revertOf);
    const estimateError = await transfer.estimateGas(receiver, 10_000n).then(
      () => 'none',
      (error: unknown) => {
        if (!isCallException(error) || error.data === null) throw error;
        return contract.interface.parseError(error.data)?.name ?? 'unknown';
      },
    );
    return {
      received,
      tokenName: await contract.getFunction('name')(),
      tokenBalance: await contract.getFunction('balanceOf')(receiver),
      eventValues: logs.map((log) => (log as EventLog).args['value'] as bigint),
      subscribedValues,
      customError,
      estimateError,
      blockHashes: await Promise.all(providers.map((each) => hashAt(each, blockNumber))),
    };
  } finally {
    await socket.destroy();
    for (const each of providers) each.destroy();
  }
}

async function hashAt(provider: JsonRpcProvider, height: number): Promise<string> {
  if ((await provider.getBlockNumber()) < height) {
    await new Promise<void>((resolve) => {
      const onBlock = (number: number): void => {
        if (number < height) return;
        void provider.off('block', onBlock);
        resolve();
      };
      void provider.on('block', onBlock);
    });
  }
  return (await provider.getBlock(height))?.hash ?? 'none';
}

function revertOf(error: unknown): { name: string; args: readonly unknown[] } {
  if (!isCallException(error) || error.revert === null) throw error;
  return { name: error.revert.name, args: [...error.revert.args] };
}

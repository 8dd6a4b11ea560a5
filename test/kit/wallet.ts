import { keccak256 } from 'viem';
import { type HDAccount, mnemonicToAccount } from 'viem/accounts';

export const CHAIN_ID = 20_200;
export const MNEMONIC = 'test test test test test test test test test test test junk';

/** Account `index` of the devnet's mnemonic. */
export const accountOf = (index: number): HDAccount => mnemonicToAccount(MNEMONIC, { addressIndex: index });

export type SignedTransfer = { readonly raw: `0x${string}`; readonly hash: `0x${string}`; readonly nonce: number };

/** One account that counts its nonces itself, so that a test knows what it has sent. */
export class Wallet {
  readonly account: HDAccount;
  nonce = 0;

  constructor(index: number) {
    this.account = accountOf(index);
  }

  get address(): `0x${string}` {
    return this.account.address;
  }

  /** A transfer of 1 wei to itself unless something else is wanted; takes the next nonce unless one is named. */
  async sign(
    choice: {
      to?: `0x${string}`;
      value?: bigint;
      nonce?: number;
      chainId?: number;
      data?: `0x${string}`;
      gas?: bigint;
    } = {},
  ): Promise<SignedTransfer> {
    const nonce = choice.nonce ?? this.nonce++;
    const raw = await this.account.signTransaction({
      type: 'eip1559',
      chainId: choice.chainId ?? CHAIN_ID,
      nonce,
      gas: choice.gas ?? 21_000n,
      maxFeePerGas: 0n,
      maxPriorityFeePerGas: 0n,
      to: choice.to ?? this.address,
      value: choice.value ?? 1n,
      ...(choice.data === undefined ? {} : { data: choice.data }),
    });
    return { raw, hash: keccak256(raw), nonce };
  }

  /** A creation with this code, with the next nonce. */
  async signCreation(data: `0x${string}`): Promise<SignedTransfer> {
    const nonce = this.nonce++;
    const raw = await this.account.signTransaction({
      type: 'eip1559',
      chainId: CHAIN_ID,
      nonce,
      gas: 3_000_000n,
      maxFeePerGas: 0n,
      maxPriorityFeePerGas: 0n,
      data,
    });
    return { raw, hash: keccak256(raw), nonce };
  }
}

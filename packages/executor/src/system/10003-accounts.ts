import { ACCOUNT_ADDRESS, accountStatus } from '@hansa/membership';
import type { AddressHex } from '@hansa/primitives';
import { committeeOnly } from './actions.ts';
import { returns, type SystemContract, viewFunction } from './types.ts';

/** Status of accounts (GOV-62; FISCO BCOS: AccountManager). The committee sets it. */
export const accountsContract: SystemContract = {
  address: ACCOUNT_ADDRESS,
  name: 'accounts',
  functions: [
    ...committeeOnly(ACCOUNT_ADDRESS),
    viewFunction('getAccountStatus(address)', 1n, ({ state }, [account]) =>
      returns(['uint8'], [BigInt(accountStatus(state, account as AddressHex))]),
    ),
  ],
};

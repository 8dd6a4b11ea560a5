/** Why a message is not looked at. Closed list; the driver maps it to a metric label and a peer score. */
export const REJECT_CODES = [
  'PBFT_OTHER_TERM',
  'PBFT_UNKNOWN_SENDER',
  'PBFT_STALE_HEIGHT',
  'PBFT_STALE_VIEW',
  'PBFT_DUPLICATE',
  'PBFT_NOT_PRIMARY',
  'PBFT_MALFORMED',
] as const;
export type RejectCode = (typeof REJECT_CODES)[number];

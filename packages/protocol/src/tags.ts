/** Domains of every digest of ours (spec FMT-4). A tag never changes its meaning: a new format gets a new version. */
export const TAGS = {
  proposal: 'hansa/proposal/v1',
  header: 'hansa/header/v1',
  transactionTree: 'hansa/tx-tree/v1',
  receipt: 'hansa/receipt/v1',
  receiptTree: 'hansa/receipt-tree/v1',
  validators: 'hansa/validators/v1',
  genesis: 'hansa/genesis/v1',
  result: 'hansa/pbft-result/v1',
  proposalMessage: 'hansa/pbft-proposal/v1',
  prepare: 'hansa/pbft-prepare/v1',
  commit: 'hansa/pbft-commit/v1',
  suspect: 'hansa/pbft-suspect/v1',
  viewChange: 'hansa/pbft-view-change/v1',
  newView: 'hansa/pbft-new-view/v1',
  status: 'hansa/pbft-status/v1',
  incarnation: 'hansa/pbft-incarnation/v1',
} as const;

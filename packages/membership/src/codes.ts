/**
 * Return codes of the system contracts. Those that FISCO BCOS has are its own (PrecompiledRetCode); -51110 to -51119 and
 * -51180 to -51199 are what it lacks (docs/spec/governance.md, section 8).
 */
export const MEMBERSHIP_CODES = {
  noPermission: -50_000,
  noAdmin: -51_000,
  noAuthType: -51_002,
  invalidAuthType: -51_003,
  invalidNodeId: -51_100,
  lastSealer: -51_101,
  invalidWeight: -51_102,
  nodeNotExist: -51_103,
  addSealerShouldBeObserver: -51_104,
  notACandidate: -51_110,
  notAttested: -51_111,
  notAbsent: -51_112,
  alreadySuspended: -51_113,
  alreadyPunished: -51_114,
  invalidProof: -51_115,
  invalidAddress: -51_180,
  tooManyNodes: -51_181,
  notAValidator: -51_182,
  namedTwice: -51_183,
  actionCount: -51_184,
  lastGovernor: -51_185,
  risk: -51_186,
  organisationNotExist: -51_187,
  organisationInUse: -51_188,
  invalidOrganisation: -51_189,
  isCandidate: -51_190,
  invalidRate: -51_191,
  invalidStatus: -51_192,
  isGovernor: -51_193,
  tooManyEntries: -51_194,
  invalidInterval: -51_195,
  tooManyProposals: -51_196,
  invalidReason: -51_197,
  proposalNotOpen: -51_198,
  alreadyVoted: -51_199,
  invalidParameter: -51_300,
  invalidContract: -51_903,
} as const;

/** Why a change is refused: `message` is part of the rules where a contract reverts with it. */
export type Refusal = { readonly code: number; readonly message: string };

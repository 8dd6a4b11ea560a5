export { type AdmittedNode, admissionSnapshot } from './admission.ts';
export {
  applyChange,
  type ChangeContext,
  MEMBERSHIP_CODES,
  type MembershipChange,
  type MembershipRefusal,
} from './change.ts';
export {
  CONSENSUS_ADDRESS,
  decodeIds,
  decodeNode,
  decodeOrganisation,
  decodeTermState,
  encodeIds,
  encodeNode,
  encodeOrganisation,
  encodeTermState,
  NODES_KEY,
  nodeKey,
  ORGANISATIONS_KEY,
  organisationKey,
  PARAMETERS_KEY,
  registryRecords,
  SYSTEM_CONFIG_ADDRESS,
  TERM_KEY,
} from './records.ts';
export {
  findNode,
  isSameValidatorSet,
  type Organisation,
  organisationOf,
  type RegisteredNode,
  type Registry,
  type Role,
  validatorSetOf,
} from './registry.ts';
export {
  genesisRecords,
  genesisRegistry,
  type RegistryHasher,
  readParameters,
  readRegistry,
  readTermState,
  registryChanges,
  registryRoot,
} from './store.ts';
export {
  type AdvancedTerm,
  advanceTerm,
  type BlockFacts,
  type GenesisFacts,
  genesisTermState,
  type NextRules,
  primaryOrder,
  type TermState,
} from './term.ts';

/** Faults of whole nodes: ledger, sync, pool, execution, and the rules that make sets and terms. */
import { inFile, type Mutant } from './mutant.ts';

export const NODE_MUTANTS: readonly Mutant[] = [
  {
    name: 'a synced block is taken without its certificate',
    rule: 'SYNC-10',
    packages: ['sync'],
    patches: [
      inFile(
        'sync/verify-block.ts',
        'if (!isSigned.ok) return broken',
        'if (!isSigned.ok && hash === "") return broken',
      ),
    ],
  },
  {
    name: 'a certificate counts under whatever set its header names',
    rule: 'SYNC-10',
    packages: ['sync'],
    patches: [
      inFile(
        'sync/verify-block.ts',
        'if (header.validatorsHash !== expected || parent.nextValidatorsHash !== expected) {',
        'if (header.validatorsHash === "" || parent.nextValidatorsHash === "" || expected === "") {',
      ),
    ],
  },
  {
    name: 'what a synced block gives is not compared',
    rule: 'SYNC-10',
    packages: ['node'],
    patches: [
      inFile('node/execution/block-writer.ts', 'if (first.hash === hash) return', 'if (first.hash !== "") return'),
      inFile(
        'sync/verify-block.ts',
        'if (!isSigned.ok) return broken',
        'if (!isSigned.ok && hash === "") return broken',
      ),
    ],
  },
  {
    name: 'the signatures of a certificate are not verified',
    rule: 'FMT-44',
    packages: ['protocol'],
    patches: [
      inFile(
        'protocol/certificate-codec.ts',
        'return verifySignatures(suite, digest, validators, certificate.signatures);',
        'return digest === "" ? verifySignatures(suite, digest, validators, certificate.signatures) : ok(true);',
      ),
    ],
  },
  {
    name: 'the height is missing in the digest of a RESULT',
    rule: 'FMT-43',
    packages: ['protocol'],
    patches: [inFile('protocol/certificate-codec.ts', '    .u64(result.height)\n', '')],
  },
  {
    name: 'COMMIT is signed as PREPARE is',
    rule: 'FMT-61',
    packages: ['protocol'],
    patches: [inFile('protocol/signing.ts', 'commit: TAGS.commit,', 'commit: TAGS.prepare,')],
  },
  {
    name: 'a block is written without sync',
    rule: 'LED-3',
    packages: ['ledger'],
    patches: [
      inFile(
        'ledger/ledger.ts',
        'this.#isCommitting = true;\n    try {\n      await batch.write({ sync: true });',
        'this.#isCommitting = true;\n    try {\n      await batch.write({ sync: false });',
      ),
    ],
  },
  {
    name: 'head and indices are written before the state of the block',
    rule: 'LED-3',
    packages: ['ledger'],
    patches: [
      inFile(
        'ledger/ledger.ts',
        'const position = putBlock(dependencies, records, this.#position);',
        'const early = { ...dependencies, batch: this.store.batch() };\n' +
          '    putBlock(early, { ...records, changes: [], pages: new Map() }, this.#position);\n' +
          '    await early.batch.write({ sync: true });\n' +
          '    const position = putBlock(dependencies, records, this.#position);',
      ),
    ],
  },
  {
    name: 'who was left out loses the record of having been committed',
    rule: 'LED-5',
    packages: ['ledger'],
    patches: [inFile('ledger/commit.ts', 'if (isCommitted(leftOut)) continue;', 'isCommitted(leftOut);')],
  },
  {
    name: 'a client is told yes before the journal has it',
    rule: 'LED-3',
    packages: ['node'],
    patches: [
      inFile(
        'node/pool/submission.ts',
        'if (admitted.some((result) => result.ok)) await flushJournal();',
        'if (admitted.some((result) => result.ok)) void flushJournal();',
      ),
    ],
  },
  {
    name: 'the journal is not synced',
    rule: 'LED-3',
    packages: ['node'],
    patches: [inFile('node/pool-journal.ts', '        await this.#file.sync();\n', '')],
  },
  {
    name: 'the journal is not taken back at a restart',
    rule: 'LED-3',
    packages: ['node'],
    patches: [inFile('node/node-core.ts', 'from < journaled.length; from +=', 'from < 0; from +=')],
  },
  {
    name: 'a journalled transaction is refused for what can pass',
    rule: 'LED-3',
    packages: ['txpool'],
    patches: [
      inFile('txpool/pool.ts', 'return PASSING_CODES.has(refusal.code) ? undefined : refusal;', 'return refusal;'),
    ],
  },
  {
    name: 'the pool forgets what is in a dropped proposal',
    rule: 'V8',
    packages: ['txpool'],
    patches: [
      inFile(
        'txpool/pool.ts',
        'if (entry?.orderedHeight === height) this.#index.setOrdered(entry, undefined);\n        touched.add',
        'if (entry?.orderedHeight === height) this.#end(entry, undefined);\n        touched.add',
      ),
    ],
  },
  {
    name: 'a transaction is executed twice',
    rule: 'EXE-11',
    packages: ['executor'],
    patches: [
      inFile('executor/execute-transaction.ts', "if (transaction.nonce < sender.nonce) return 'nonce too low';", ''),
      inFile('node/pool/proposal-transactions.ts', 'if (recent.has(hash)) return', "if (hash === '') return"),
    ],
  },
  {
    name: 'an expired transaction is executed',
    rule: 'EXE-11',
    packages: ['executor'],
    patches: [
      inFile(
        'executor/execute-transaction.ts',
        'transaction.lastHeight < rules.height) return',
        'transaction.lastHeight < 0) return',
      ),
    ],
  },
  {
    name: 'a change of the set takes effect at once',
    rule: 'MEM-21',
    packages: ['membership'],
    patches: [
      inFile(
        'membership/term.ts',
        'if (block.height === info.endHeight) {',
        'if (block.height === info.endHeight || !isSameValidatorSet(rules.validators, info.validators)) {',
      ),
    ],
  },
  {
    name: 'a header names the set that the registry has',
    rule: 'EXE-7',
    packages: ['executor'],
    patches: [
      inFile(
        'executor/execute-block.ts',
        'advanced.isTermEnd ? advanced.state.info.validators : term.info.validators',
        'advanced.isTermEnd ? advanced.state.info.validators : validatorsOf(registry)',
      ),
    ],
  },
  {
    name: 'a scheduled end is moved',
    rule: 'MEM-22',
    packages: ['membership'],
    patches: [
      inFile(
        'membership/term.ts',
        'if (!hasChange || info.endScheduled) return info;\n  const endHeight = Math.min(info.endHeight,',
        'if (!hasChange) return info;\n  const endHeight = Math.max(info.endScheduled ? 0 : Math.min(info.endHeight, height + info.parameters.window),',
      ),
    ],
  },
  {
    name: 'the rotation stands still',
    rule: 'MEM-23',
    packages: ['membership'],
    patches: [
      inFile(
        'membership/term.ts',
        'compareText(validator.nodeId, starter) > 0',
        'compareText(validator.nodeId, starter) >= 0',
      ),
    ],
  },
  {
    name: 'the absent come first',
    rule: 'MEM-24',
    packages: ['membership'],
    patches: [
      inFile(
        'membership/term.ts',
        'options.isRetry ? [...absent, ...present] : [...present, ...absent]',
        'options.isRetry ? [...present, ...absent] : [...absent, ...present]',
      ),
    ],
  },
  {
    name: 'a proposal changes the candidate of another one',
    rule: 'MEM-13',
    packages: ['membership'],
    patches: [
      inFile(
        'membership/govern.ts',
        "isPromoted: (nodeId) => proposal.actions.some((each) => each.type === 'addSealer' && each.nodeId === nodeId),",
        'isPromoted: () => true,',
      ),
    ],
  },
  {
    name: 'the old key keeps its vote when the new one has it',
    rule: 'SUC-5',
    packages: ['membership'],
    patches: [
      inFile(
        'membership/succession.ts',
        'const nodes = registry.nodes.filter((node) => node !== old);',
        'const nodes = registry.nodes;',
      ),
    ],
  },
  {
    name: 'a new key takes a place that its organisation has not given',
    rule: 'SUC-2',
    packages: ['membership'],
    patches: [inFile('membership/succession.ts', ' || next.organisationId !== old.organisationId', '')],
  },
  {
    name: 'the certificate of a key can be used again',
    rule: 'SUC-1',
    packages: ['protocol'],
    patches: [inFile('protocol/succession.ts', '.u64(since)', '.u64(0)')],
  },
  {
    name: 'a synced block is not told to consensus',
    rule: 'R3',
    packages: ['node'],
    patches: [inFile('node/block-pipeline.ts', '        dependencies.onImported(outcome.block);\n', '')],
  },
  {
    name: 'a block that has become final is proposed again from the pool',
    rule: 'N1',
    packages: ['txpool'],
    patches: [
      inFile(
        'txpool/commit.ts',
        'if (entry !== undefined) end(entry, undefined);\n    else {',
        'if (entry === undefined) {',
      ),
    ],
  },
];

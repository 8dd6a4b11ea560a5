/** Faults of the driver and of the vote store: docs/spec/vote-store.md, and the duties that effects name. */
import { inFile, type Mutant } from './mutant.ts';

export const DRIVER_MUTANTS: readonly Mutant[] = [
  {
    name: 'sends before the write is done',
    rule: 'VS-3',
    patches: [
      inFile(
        'driver/driver.ts',
        '    let written: Pending;\n    try {\n      written = write();',
        '    then();\n    then = () => undefined;\n    let written: Pending;\n    try {\n      written = write();',
      ),
    ],
  },
  {
    name: 'the write is not waited for when it fails',
    rule: 'VS-8',
    patches: [
      inFile(
        'driver/driver.ts',
        '    } catch (error) {\n      this.#fail(error);\n      return;\n    }\n    const pending',
        '    } catch {\n      written = undefined;\n    }\n    const pending',
      ),
    ],
  },
  {
    name: 'COMMITs are left out of the batch',
    rule: 'VS-3',
    patches: [
      inFile(
        'driver/driver.ts',
        '      records.push(effect.record);',
        "      if (effect.record.type !== 'vote' || effect.record.kind !== 'commit') records.push(effect.record);",
      ),
    ],
  },
  {
    name: 'signatures are not looked at',
    rule: 'S. 3',
    patches: [
      inFile(
        'driver/driver.ts',
        'for (let i = start; i < end; i++) if (valid[i] !== true) isValid = false;',
        'for (let i = start; i < end; i++) if (valid[i] === undefined) isValid = false;',
      ),
    ],
  },
  {
    name: 'the certificate beside a claim is not verified',
    rule: 'V6',
    patches: [
      inFile(
        'driver/message-auth.ts',
        "      collector.claim(message);\n      if (message.certificate !== undefined) collector.certificate(message.certificate, 'prepare');",
        '      collector.claim(message);',
      ),
    ],
  },
  {
    name: 'the certificate of a NEW-VIEW is not verified',
    rule: 'V7',
    patches: [
      inFile(
        'driver/message-auth.ts',
        "      for (const claim of message.claims) collector.claim(claim);\n      if (message.certificate !== undefined) collector.certificate(message.certificate, 'prepare');",
        '      for (const claim of message.claims) collector.claim(claim);',
      ),
    ],
  },
  {
    name: 'signatures of claims are not verified',
    rule: 'V7',
    patches: [
      inFile('driver/message-auth.ts', '      for (const claim of message.claims) collector.claim(claim);\n', ''),
    ],
  },
  {
    name: 'own votes do not come back',
    rule: 'S. 4',
    patches: [
      inFile(
        'driver/driver-effects.ts',
        "if (effect.to === 'all') this.#context.input({ type: 'message', message, from: this.#context.nodeId });",
        '',
      ),
    ],
  },
  {
    name: 'acknowledges an incarnation before it is on disk',
    rule: 'T3',
    patches: [
      inFile(
        'driver/incarnations.ts',
        "      this.#context.persistThenSend({ type: 'peer-incarnation', statement }, from, stored);",
        '      this.#context.persistThenSend(undefined, from, stored);',
      ),
    ],
  },
  {
    name: 'a lower incarnation is acknowledged, too',
    rule: 'T3',
    patches: [
      inFile(
        'driver/incarnations.ts',
        'if (held !== undefined && isNotBelow(held, statement)) {',
        'if (held !== undefined && isNotBelow(held, statement) && held.incarnation < 0) {',
      ),
    ],
  },
  {
    name: 'final heights are believed without a certificate',
    rule: 'T3',
    patches: [
      inFile(
        'driver/incarnations.ts',
        'this.#verifyFinal(certificate, from, () => this.#context.input(input));',
        'this.#context.input(input);',
      ),
    ],
  },
  {
    name: 'transactions of a proposal are not stored',
    rule: 'N2, VS-4',
    patches: [
      inFile(
        'driver/proposal-intake.ts',
        "    this.#context.persist({ type: 'transactions', term, height, digest, raw });",
        '    void [term, height, digest, raw];',
      ),
    ],
  },
  {
    name: 'a missing transaction is asked of one peer only',
    rule: 'R2',
    patches: [
      inFile(
        'driver/proposal-intake.ts',
        'const peer = peers[check.attempt % Math.max(1, peers.length)];',
        'const peer = peers[0];',
      ),
    ],
  },
  {
    name: 'a sleeping machine counts every tick',
    rule: 'V1',
    patches: [
      inFile(
        'driver/driver.ts',
        'this.#tick += Math.min(passed, TICKS_JUMP_MAX);',
        'this.#tick += passed;\n    void TICKS_JUMP_MAX;',
      ),
      inFile(
        'consensus/replica.ts',
        'const ticks = Math.min(Math.max(elapsed, 1), TICK_JUMP_MAX);',
        'const ticks = Math.max(elapsed, 1);\n  void TICK_JUMP_MAX;',
      ),
    ],
  },
  {
    name: 'the second copy is not synced',
    rule: 'VS-3',
    patches: [
      inFile(
        'driver/vote-log.ts',
        'return (written === undefined ? file.sync() : written.then(() => file.sync())) ?? [];',
        'return (i > 0 ? written : written === undefined ? file.sync() : written.then(() => file.sync())) ?? [];',
      ),
    ],
  },
  {
    name: 'the shorter copy is read',
    rule: 'VS-5',
    patches: [
      inFile('driver/vote-log.ts', '.sort((a, b) => b.last - a.last);', '.sort((a, b) => a.last - b.last);'),
      inFile('driver/vote-log.ts', 'if (highest > best.last) {', 'if (highest < best.last) {'),
    ],
  },
  {
    name: 'checksums are not looked at',
    rule: 'VS-5',
    patches: [
      inFile(
        'driver/vote-log.ts',
        'if (view.getUint32(from + 16) !== batchChecksum(bytes, from, end, salt, ranges)) return undefined;',
        'void [salt, ranges];',
      ),
    ],
  },
  {
    name: 'a missing store is taken for a new one',
    rule: 'VS-6',
    patches: [
      inFile(
        'driver/vote-store.ts',
        "return new VoteStore(log, [{ type: 'vote-store', state: { type: 'lost' } }], options);",
        "return new VoteStore(log, [{ type: 'vote-store', state: { type: 'intact' } }], options);",
      ),
    ],
  },
  {
    name: 'a rewrite loses the COMMITs of the previous view',
    rule: 'VS-7',
    patches: [
      inFile(
        'consensus/durable.ts',
        "return vote.view < view.view && !(vote.kind === 'commit' && vote.view === view.previousView);",
        'return vote.view < view.view;',
      ),
    ],
  },
  {
    name: 'a rewrite loses what is one height above the final one',
    rule: 'VS-7',
    patches: [
      inFile(
        'consensus/durable.ts',
        'if (vote.height <= floor) return true;',
        'if (vote.height <= floor + 1) return true;',
      ),
    ],
  },
  {
    name: 'a start does not raise the incarnation',
    rule: 'VS-9',
    patches: [
      inFile(
        'driver/vote-store.ts',
        'incarnation: Math.max(this.#incarnation, above) + 1 };',
        'incarnation: Math.max(this.#incarnation, above, 1) };',
      ),
    ],
  },
];

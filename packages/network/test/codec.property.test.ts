import { bytesToHex, type HashHex, type Height, hexToBytes, type NodeId, toHashHex } from '@hansa/primitives';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CONTROL_FRAME_SIZE_MAX,
  type ControlFrame,
  codeOfReason,
  decodeControlFrame,
  encodeControlFrame,
  reasonOfCode,
} from '../src/control-frames.ts';
import { FrameDecoder } from '../src/frame-decoder.ts';
import { checkPreamble, encodePreamble, encodePrologue, mayBePreamble, PREAMBLE_SIZE } from '../src/preamble.ts';

const hex = (size: number) => fc.uint8Array({ minLength: size, maxLength: size }).map(bytesToHex);
const natural = fc.maxSafeNat();
const text = (sizeMax: number) => fc.string({ unit: 'grapheme-ascii', maxLength: sizeMax });
const status = fc.record({
  protocolVersion: fc.nat(),
  chainId: natural,
  groupId: text(32),
  genesisHash: hex(32) as fc.Arbitrary<HashHex>,
  height: natural as fc.Arbitrary<Height>,
  headHash: hex(32) as fc.Arbitrary<HashHex>,
  nodeId: hex(64) as fc.Arbitrary<NodeId>,
  instance: hex(16),
  agent: text(64),
  timeMs: natural,
  listenAddresses: fc.array(text(256), { maxLength: 8 }),
});
const frame: fc.Arbitrary<ControlFrame> = fc.oneof(
  status.map((value) => ({ type: 'status' as const, status: value })),
  fc.constant({ type: 'accept' as const }),
  fc.nat().map((sequence) => ({ type: 'ping' as const, sequence })),
  fc.tuple(fc.nat(), natural).map(([sequence, timeMs]) => ({ type: 'pong' as const, sequence, timeMs })),
  fc.tuple(natural, hex(32)).map(([height, headHash]) => ({
    type: 'head' as const,
    height: height as Height,
    headHash: headHash as HashHex,
  })),
  fc
    .tuple(fc.constantFrom('stopping' as const, 'notAdmitted' as const, 'closed' as const), text(256))
    .map(([reason, message]) => ({ type: 'goodbye' as const, reason, message })),
);

describe('control frames', () => {
  it('NET-11: decode ∘ encode = id, within the size limit', () => {
    fc.assert(
      fc.property(frame, (value) => {
        const bytes = encodeControlFrame(value);
        expect(bytes.length).toBeLessThanOrEqual(CONTROL_FRAME_SIZE_MAX);
        expect(decodeControlFrame(bytes)).toEqual({ ok: true, value });
      }),
      { numRuns: 300 },
    );
  });

  it('NET-11: every truncation and every byte too many is an error value', () => {
    fc.assert(
      fc.property(frame, fc.nat(), (value, seed) => {
        const bytes = encodeControlFrame(value);
        expect(decodeControlFrame(bytes.slice(0, seed % bytes.length)).ok).toBe(false);
        expect(decodeControlFrame(Uint8Array.of(...bytes, 0)).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('NET-11: arbitrary bytes never throw, and what decodes encodes to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.constantFrom(1, 2, 3, 4, 5, 6, 7), (bytes, kind) => {
        const kinded = Uint8Array.of(kind, ...bytes);
        const decoded = decodeControlFrame(kinded);
        // Numbers of reasons that this version does not know are the exception: they become "closed".
        if (decoded.ok && decoded.value.type !== 'goodbye') expect(encodeControlFrame(decoded.value)).toEqual(kinded);
      }),
      { numRuns: 500 },
    );
  });

  it('NET-12: golden bytes of a status', () => {
    const golden: ControlFrame = {
      type: 'status',
      status: {
        protocolVersion: 1,
        chainId: 20200,
        groupId: 'group0',
        genesisHash: toHashHex('aa'.repeat(32)),
        height: 258 as Height,
        headHash: toHashHex('bb'.repeat(32)),
        nodeId: 'cc'.repeat(64) as NodeId,
        instance: 'dd'.repeat(16),
        agent: 'hansa/0.1.0',
        timeMs: 1_700_000_000_000,
        listenAddresses: ['/ip4/127.0.0.1/tcp/30300'],
      },
    };
    expect(bytesToHex(encodeControlFrame(golden))).toBe(
      `01${'00000001'}${'0000000000004ee8'}${'00000006'}67726f757030${'aa'.repeat(32)}${'0000000000000102'}${'bb'.repeat(32)}${'cc'.repeat(64)}${'dd'.repeat(16)}0000000b68616e73612f302e312e30${'0000018bcfe56800'}00000001000000182f6970342f3132372e302e302e312f7463702f3330333030`,
    );
  });

  it('NET-17: numbers of reasons are fixed', () => {
    const numbers = Array.from({ length: 14 }, (_, code) => reasonOfCode(code));
    expect(numbers).toEqual([
      'closed',
      'otherVersion',
      'otherChain',
      'otherGenesis',
      'notAdmitted',
      'sameKey',
      'duplicate',
      'restarted',
      'stopping',
      'tooManyConnections',
      'handshakeTimeout',
      'heartbeatTimeout',
      'protocolViolation',
      'rateLimit',
    ]);
    expect(numbers.map(codeOfReason)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  });
});

describe('preamble and prologue', () => {
  const name = { chainId: 20200, groupId: 'group0', genesisHash: toHashHex('ab'.repeat(32)) };

  it('NET-3: golden bytes; every flipped bit is named', () => {
    const bytes = encodePreamble(name);
    expect(bytesToHex(bytes)).toBe(`48414e5341${'01'}${'0000000000004ee8'}${'ab'.repeat(16)}`);
    expect(bytes.length).toBe(PREAMBLE_SIZE);
    expect(checkPreamble(bytes, name)).toEqual({ ok: true, value: 'node' });
    const newcomer = encodePreamble(name, 'newcomer');
    expect(bytesToHex(newcomer)).toBe(bytesToHex(bytes).replace('48414e5341', '48414e534a'));
    expect(checkPreamble(newcomer, name)).toEqual({ ok: true, value: 'newcomer' });
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const at = bit >> 3;
      const reason = at < 5 ? 'garbage' : at < 6 ? 'otherVersion' : at < 14 ? 'otherChain' : 'otherGenesis';
      expect(checkPreamble(flipped, name)).toMatchObject({ ok: false, error: { reason } });
    }
    expect(mayBePreamble(new Uint8Array(0))).toBe(true);
    expect(checkPreamble(bytes.slice(1), name)).toMatchObject({ ok: false, error: { reason: 'garbage' } });
  });

  it('NET-4: golden bytes; group and genesis count', () => {
    expect(bytesToHex(encodePrologue(name))).toBe(
      `0e68616e73612f6e6f6973652f7631${'0000000000004ee8'}${'06'}67726f757030${'ab'.repeat(32)}`,
    );
  });
});

describe('frames', () => {
  it('NET-7: any cutting of the stream gives the same frames, in bytes of their own', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1 }),
        (frames, cuts) => {
          const parts: Uint8Array[] = [];
          for (const bytes of frames) {
            const header = new Uint8Array(4);
            new DataView(header.buffer).setUint32(0, bytes.length);
            parts.push(header, bytes);
          }
          const stream = Buffer.concat(parts);
          const decoder = new FrameDecoder(300);
          const received: Uint8Array[] = [];
          for (let at = 0, cut = 0; at < stream.length; cut++) {
            const size = cuts[cut % cuts.length] as number;
            expect(decoder.push(stream.subarray(at, at + size), (bytes) => received.push(bytes))).toBeUndefined();
            at += size;
          }
          expect(received.map(bytesToHex)).toEqual(frames.map(bytesToHex));
          for (const bytes of received) expect(bytes.byteLength).toBe(bytes.buffer.byteLength);
          expect(decoder.pendingSize).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    { name: 'empty', header: '00000000', fault: true },
    { name: 'shortest', header: '00000001', fault: false },
    { name: 'at the limit', header: '00000400', fault: false },
    { name: 'above the limit', header: '00000401', fault: true },
    { name: 'the longest that can be written', header: 'ffffffff', fault: true },
  ])('NET-7: $name', ({ header, fault }) => {
    const decoder = new FrameDecoder(1024);
    const result = decoder.push(hexToBytes(header) as Uint8Array, () => {});
    expect(result?.reason).toBe(fault ? 'protocolViolation' : undefined);
    expect(decoder.pendingSize).toBe(0);
  });
});

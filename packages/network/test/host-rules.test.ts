/** Local rules of addresses: docs/spec/network.md, NET-20. */
import { describe, expect, it } from 'vitest';
import { HostFilter, isHostRange } from '../src/host-rules.ts';

describe('NET-20: rules of addresses', () => {
  it('without any all hosts are permitted', () => {
    const filter = new HostFilter({ allow: [], deny: [] });
    for (const host of ['127.0.0.1', '::1', 'node.example']) expect(filter.permits(host)).toBe(true);
  });

  it('what is denied is out, whatever is allowed; a list of those allowed leaves out the rest', () => {
    const filter = new HostFilter({ allow: ['10.1.0.0/16', '2001:db8::/32'], deny: ['10.1.9.0/24', '2001:db8::7'] });
    const permitted = ['10.1.0.1', '10.1.255.255', '2001:db8::1', '::ffff:10.1.2.3'];
    const refused = ['10.2.0.1', '10.1.9.1', '::ffff:10.1.9.1', '2001:db8::7', '2001:db9::1', 'node.example', ''];
    expect(permitted.filter((host) => !filter.permits(host))).toEqual([]);
    expect(refused.filter((host) => filter.permits(host))).toEqual([]);
    expect(new HostFilter({ allow: [], deny: ['192.0.2.7'] }).permits('192.0.2.8')).toBe(true);
  });

  it('knows what is none', () => {
    for (const text of ['10.0.0.0/8', '0.0.0.0/0', '::1', '2001:db8::/128'])
      expect([text, isHostRange(text)]).toEqual([text, true]);
    for (const text of ['', '10.0.0', '10.0.0.0/33', '::1/129', 'host', '10.0.0.0/-1', '10.0.0.0/8x'])
      expect([text, isHostRange(text)]).toEqual([text, false]);
    expect(() => new HostFilter({ allow: ['host'], deny: [] })).toThrow(/an address or a range/);
  });
});

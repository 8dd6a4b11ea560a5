import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';

const HOST_NAMES = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6']);

/**
 * A dialable address (NET-2): one host and a TCP port, optionally the right peer id at its end.
 * `/dnsaddr` is refused: it would ask strangers over HTTPS. Undefined for everything else; never throws.
 */
export function parseDialAddress(text: string, peerId: string): Multiaddr | undefined {
  const parts = parse(text);
  if (parts === undefined) return undefined;
  const [host, transport, peer] = parts.getComponents();
  if (host === undefined || !HOST_NAMES.has(host.name) || transport?.name !== 'tcp') return undefined;
  if (parts.getComponents().length > (peer === undefined ? 2 : 3)) return undefined;
  if (peer !== undefined && (peer.name !== 'p2p' || peer.value !== peerId)) return undefined;
  return peer === undefined ? parts.encapsulate(`/p2p/${peerId}`) : parts;
}

/** Peer id at the end of a dialed address. */
export function peerIdOfAddress(address: Multiaddr): string | undefined {
  return address.getComponents().findLast((component) => component.name === 'p2p')?.value;
}

/** For people: `127.0.0.1:30300`. */
export function readableAddress(address: Multiaddr): string {
  const [host, transport] = address.getComponents();
  if (host?.value === undefined || transport?.value === undefined) return address.toString();
  return host.name === 'ip6' ? `[${host.value}]:${transport.value}` : `${host.value}:${transport.value}`;
}

export function isMultiaddress(text: string): boolean {
  return parse(text) !== undefined;
}

function parse(text: string): Multiaddr | undefined {
  try {
    return multiaddr(text);
  } catch {
    return undefined;
  }
}

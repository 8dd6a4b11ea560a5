/** Who may ask at all, decided from the headers alone: constant work before anything of the body is read. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

export type AccessOptions = {
  /**
   * Origins of browser pages that may call; one without a port stands for all its ports, `chrome-extension://*` for all
   * of its scheme, `*` for any page.
   */
  readonly corsOrigins: readonly string[];
  /** Host names under which the server is addressed, beside localhost and bare addresses. */
  readonly hosts: readonly string[];
  /** Each request must carry it. */
  readonly token: string | undefined;
};

export type Access =
  | { readonly type: 'granted'; readonly origin: string | undefined }
  | { readonly type: 'refused'; readonly status: 401 | 403; readonly message: string; readonly remedy: string };

export type AccessCheck = (headers: IncomingHttpHeaders, isPreflight?: boolean) => Access;

export function createAccessCheck(options: AccessOptions): AccessCheck {
  const origins = new Set(options.corsOrigins);
  const hosts = new Set(['localhost', ...options.hosts.map((host) => host.toLowerCase())]);
  const token = options.token === undefined ? undefined : digestOf(options.token);

  return (headers, isPreflight = false) => {
    const { host, origin, authorization } = headers;
    // A page of another site can make its own name point here; the name then stands in Host (DNS rebinding).
    if (!isKnownHost(hosts, host)) {
      return refusal(403, 'host not allowed', 'add the host name to rpc.hosts of the node');
    }
    if (origin !== undefined && !isKnownOrigin(origins, origin)) {
      return refusal(403, 'origin not allowed', 'add the origin of the page to rpc.cors_origins of the node');
    }
    // A browser sends no credentials with a preflight.
    if (token !== undefined && !isPreflight && !isToken(token, authorization)) {
      return refusal(
        401,
        'unauthorized',
        'send the header "Authorization: Bearer TOKEN" with the token of rpc.token_file',
      );
    }
    return { type: 'granted', origin };
  };
}

const refusal = (status: 401 | 403, message: string, remedy: string): Access => ({
  type: 'refused',
  status,
  message,
  remedy,
});

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compared by digest, so that the time tells neither length nor contents. */
function isToken(token: Buffer, authorization: string | undefined): boolean {
  return authorization?.startsWith('Bearer ') === true && timingSafeEqual(digestOf(authorization.slice(7)), token);
}

/** An address cannot be rebound, a name can. */
function isKnownHost(hosts: ReadonlySet<string>, host: string | undefined): boolean {
  if (host === undefined) return true;
  const name = host.toLowerCase().replace(/:\d{1,5}$/, '');
  return hosts.has(name) || hosts.has('*') || isIP(name.replace(/^\[|\]$/g, '')) !== 0;
}

function isKnownOrigin(origins: ReadonlySet<string>, origin: string): boolean {
  if (origins.has('*') || origins.has(origin) || origins.has(origin.replace(/:\d{1,5}$/, ''))) return true;
  // Wallets are extensions; the name of one is another in every browser profile of Firefox.
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//.exec(origin)?.[0];
  return scheme !== undefined && origins.has(`${scheme}*`);
}

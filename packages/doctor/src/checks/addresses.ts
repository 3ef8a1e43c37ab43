import { reasonOf } from '@muster/telemetry'
import { sql } from 'kysely'
import type { Subject } from '../diagnose.ts'
import type { Finding, Notes } from '../finding.ts'
import type { Tools } from '../tools.ts'

/** Fewer say nothing: a team may sign in from one office. */
const fewest = { sessions: 20, users: 5 }
const limitMs = 4_000

/** Looks at PUBLIC_URL, and whether the addresses of clients are those of clients and not of a proxy. */
export async function checkAddresses(tools: Tools, notes: Notes, subject: Subject): Promise<void> {
  await checkPublicUrl(tools, notes)
  await checkClientAddresses(tools, notes, subject)
}

async function checkPublicUrl({ settings: { publicUrl } }: Tools, notes: Notes): Promise<void> {
  if (!publicUrl || !URL.canParse(publicUrl)) return
  const url = new URL('/health', publicUrl)
  const answer = await fetch(url, { signal: AbortSignal.timeout(limitMs), redirect: 'manual' }).catch(
    (error: Error) => error,
  )
  if (answer instanceof Error) {
    const code = answer.name === 'TimeoutError' ? 'TIMEOUT' : reasonOf(answer)
    const fault = faultOf(code, url)
    if (fault) return notes.find(fault)
    return notes.fact(`PUBLIC_URL does not answer from here (${code}), which is no fault when only browsers reach it.`)
  }
  const health = (await answer.json().catch(() => undefined)) as { status?: unknown; version?: unknown } | undefined
  if (typeof health?.version === 'string')
    return notes.fact(`PUBLIC_URL leads to Muster ${health.version}, which is ${health.status}.`)
  notes.find({
    id: 'public-url',
    severity: 'warning',
    what: `PUBLIC_URL leads to something that is not the API of Muster (HTTP ${answer.status} for /health).`,
    remedy: 'Correct PUBLIC_URL, or let the proxy pass /health and /api to the API; docker/nginx has an example.',
  })
}

/** OpenSSL's codes for a server that answers a ClientHello with something else than TLS. */
const noTls = /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL)|^ERR_SSL_TLS/

/** Returns the finding for a PUBLIC_URL that does not answer; undefined where that says nothing, as a firewall may be the cause. */
function faultOf(code: string, { hostname, host }: URL): Finding | undefined {
  if (code === 'ENOTFOUND')
    return {
      id: 'public-url',
      severity: 'warning',
      what: `The name ${hostname} of PUBLIC_URL has no address.`,
      remedy: 'Correct PUBLIC_URL, or add the name to the DNS; links in mails lead there.',
    }
  if (code === 'ECONNREFUSED')
    return {
      id: 'public-url',
      severity: 'warning',
      what: `Nothing listens at ${host} of PUBLIC_URL.`,
      remedy: 'Start the API or the proxy in front of it, or correct the port of PUBLIC_URL.',
    }
  if (noTls.test(code))
    return {
      id: 'public-url-tls',
      severity: 'error',
      what: `PUBLIC_URL begins with https, and what listens at ${host} speaks no TLS (${code}).`,
      remedy: 'Let the proxy serve TLS at this port, or begin PUBLIC_URL with http where there is none.',
    }
  if (/CERT|^UNABLE_TO_|^ERR_(SSL|TLS)/.test(code))
    return {
      id: 'public-url-tls',
      severity: 'error',
      what: `The certificate of PUBLIC_URL is not valid (${code}).`,
      remedy: 'Renew the certificate of the proxy, for the host of PUBLIC_URL, with all certificates between.',
    }
  return undefined
}

async function checkClientAddresses(tools: Tools, notes: Notes, { isTrustedProxy }: Subject): Promise<void> {
  const { trustedProxies } = tools.settings
  const db = await tools.postgres()
  const { rows } = await sql<{ ip: string; sessions: number; users: number; isPrivate: boolean }>`
    select ip, count(*)::int as sessions, count(distinct user_id)::int as users,
      ip::inet <<= any ('{10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7,127.0.0.0/8,::1/128}'::inet[]) as "isPrivate"
    from (select ip, user_id from sessions where ip is not null order by id desc limit 1000) newest
    group by ip order by 2 desc`.execute(db)
  const all = rows.reduce((sum, { sessions }) => sum + sessions, 0)
  notes.fact(
    `The last ${all} sessions came from ${rows.length} addresses; TRUSTED_PROXIES has ${trustedProxies.length} entries.`,
  )
  const isTrusted = trustedOrNothing(() => isTrustedProxy(trustedProxies))
  const [first] = rows
  if (!first || first.sessions < fewest.sessions || first.users < fewest.users || first.sessions < all * 0.95) return
  if (trustedProxies.length === 0 && first.isPrivate && !first.ip.startsWith('127.') && first.ip !== '::1')
    notes.find({
      id: 'client-address',
      severity: 'warning',
      what: `Nearly all users have the address ${first.ip}, which is that of a proxy: they share their rate limits.`,
      remedy: `Set TRUSTED_PROXIES=${first.ip}, and let the proxy send X-Forwarded-For.`,
    })
  else if (isTrusted?.(first.ip))
    notes.find({
      id: 'client-address',
      severity: 'warning',
      what: `Nearly all users have the address ${first.ip} of a trusted proxy, so that the proxy does not tell the addresses of its clients.`,
      remedy: 'Let the proxy send X-Forwarded-For; `GET /api/v1/admin/diagnostics/client-ip` shows what arrives.',
    })
}

/** The check of the configuration reports entries that are no ranges. */
function trustedOrNothing<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

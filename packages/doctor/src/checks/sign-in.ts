import { reasonOf } from '@muster/telemetry'
import type { Notes } from '../finding.ts'
import type { Tools } from '../tools.ts'

const limitMs = 4_000

/** Reads the metadata of the issuer with which users sign in, when one is set. */
export async function checkSignIn({ settings: { issuer } }: Tools, notes: Notes): Promise<void> {
  if (!issuer) return notes.fact('Sign-in with Google is not set (GOOGLE_CLIENT_ID).')
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const failure = await fetch(url, { signal: AbortSignal.timeout(limitMs) }).then(
    (answer) => (answer.ok ? undefined : `HTTP ${answer.status}`),
    (error: Error) => (error.name === 'TimeoutError' ? 'TIMEOUT' : reasonOf(error)),
  )
  if (!failure) return notes.fact('The issuer of sign-in answers.')
  notes.find({
    id: 'sign-in-issuer',
    severity: 'warning',
    what: `The issuer of sign-in with Google does not answer from here (${failure}).`,
    remedy: 'Check OIDC_ISSUER and the way out of this network; until then users sign in with their passwords.',
  })
}

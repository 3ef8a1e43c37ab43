import { m } from '../../paraglide/messages.js'

/** The sentence for each `error` code of a sign-in with Google (docs/use.md); null for a sign-in that the user cancelled. */
const sentences: Record<string, (() => string) | null> = {
  access_denied: null,
  flow_invalid: () => m.sign_in_google_flow_invalid(),
  email_unverified: () => m.sign_in_google_email_unverified(),
  already_linked: () => m.sign_in_google_already_linked(),
  account_inactive: () => m.errors_account_inactive(),
  registration_closed: () => m.sign_in_google_registration_closed(),
  invite_invalid: () => m.sign_in_google_invite_invalid(),
  invite_refused: () => m.sign_in_google_invite_refused(),
  not_configured: () => m.sign_in_google_not_configured(),
  unavailable: () => m.sign_in_google_unavailable(),
  failed: () => m.sign_in_google_failed(),
}

/** Returns why a sign-in with Google did not succeed, or null when there is nothing to say. */
export function googleErrorSentence(error: string): string | null {
  const sentence = Object.hasOwn(sentences, error) ? sentences[error] : sentences.failed
  return sentence?.() ?? null
}

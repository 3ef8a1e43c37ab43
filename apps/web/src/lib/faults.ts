import type { FieldError } from '@muster/client'
import { m } from '../paraglide/messages.js'

type Params = Record<string, unknown>
const numberOf = (value: unknown) => Number(value ?? 0)
const textOf = (value: unknown) => String(value ?? '')

/** The sentence beside a field for each code of a fault; params as docs/use.md lists them. */
const sentences: Record<string, (params: Params) => string> = {
  REQUIRED: () => m.faults_required(),
  TOO_SHORT: ({ min }) => (numberOf(min) <= 1 ? m.faults_required() : m.faults_too_short({ min: numberOf(min) })),
  TOO_LONG: ({ max }) => m.faults_too_long({ max: numberOf(max) }),
  TOO_SMALL: ({ min }) => m.faults_too_small({ min: numberOf(min) }),
  TOO_LARGE: ({ max }) => m.faults_too_large({ max: numberOf(max) }),
  TOO_FEW: ({ min }) => m.faults_too_few({ min: numberOf(min) }),
  TOO_MANY: ({ max }) => m.faults_too_many({ max: numberOf(max) }),
  NOT_ONE_OF: () => m.faults_not_one_of(),
  REPEATED: () => m.faults_repeated(),
  WRONG_TYPE: () => m.faults_invalid(),
  INVALID: () => m.faults_invalid(),
  INVALID_FORMAT: () => m.faults_invalid_format(),
  INVALID_EMAIL: () => m.faults_invalid_email(),
  INVALID_URL: () => m.faults_invalid_url(),
  INVALID_TIME_ZONE: () => m.faults_invalid_time_zone(),
  INVALID_DATE: () => m.faults_invalid_date(),
  INVALID_CHARACTER: () => m.faults_invalid_character(),
  INVALID_FILE: () => m.faults_invalid_file(),
  IN_THE_PAST: () => m.faults_in_the_past(),
  OUT_OF_RANGE: ({ min, max }) => m.faults_out_of_range({ min: textOf(min), max: textOf(max) }),
  BEFORE: () => m.faults_before(),
  NOTHING_TO_CHANGE: () => m.faults_nothing_to_change(),
  WEAK_PASSWORD: () => m.faults_weak_password(),
  SAME_AS_BEFORE: () => m.faults_same_as_before(),
  WRONG_PASSWORD: () => m.faults_wrong_password(),
  WRONG_CODE: ({ factor }) => (factor === 'mail' ? m.faults_wrong_mailed_code() : m.faults_wrong_code()),
  RESERVED: () => m.faults_reserved(),
  TAKEN: () => m.faults_taken(),
  ALREADY_INVITED: () => m.faults_already_invited(),
  ALREADY_EXISTS: () => m.faults_already_exists(),
  NOT_ALLOWED: () => m.faults_not_allowed(),
  LAST_ADMIN: () => m.faults_last_admin(),
  YOURSELF: () => m.faults_yourself(),
  NOT_A_MEMBER: () => m.faults_not_a_member(),
  NOT_REACHABLE: () => m.faults_not_reachable(),
  NOT_AVAILABLE: () => m.faults_not_available(),
}

/** Returns the sentence for a fault of a field, and the server's own one for a code that this release does not know. */
export function faultSentence({
  code,
  params,
  message,
}: Pick<FieldError, 'params' | 'message'> & { code: string }): string {
  return sentences[code]?.(params) ?? message
}

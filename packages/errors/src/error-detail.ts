const list = (names: readonly unknown[]) => names.join(', ')
const plural = (count: number, name: string) => `${count} ${name}${count === 1 ? '' : 's'}`
const typeNames: Record<string, string> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
}

type Length = { min?: number | undefined; max?: number | undefined }
const characters = ({ min, max }: Length) => {
  if (min === undefined || min <= 0) return `must have at most ${plural(max ?? 0, 'character')}`
  if (max === undefined) return `must have at least ${plural(min, 'character')}`
  return min === max ? `must have ${plural(min, 'character')}` : `must have ${min} to ${max} characters`
}

/** Actions that somebody else has finished, so that they cannot be repeated. */
const doneAlready = {
  retried: 'was retried already; should the new run fail too, it is listed under its new id',
  discarded: 'was discarded already, and never runs',
  retriedOrDiscarded:
    'is not a failed job; failed jobs of this queue, maybe also this one, were retried or discarded together',
  paused: 'was paused already',
  resumed: 'is not paused; somebody has resumed it already',
  accepted: 'has been accepted',
  revoked: 'has been revoked',
  queued: 'is queued already',
} as const
export type DoneAlready = keyof typeof doneAlready

/**
 * Every fault that one field of a request can have: the code, and the sentence that its `params` complete. Clients
 * translate by code and params; docs/use.md lists them.
 */
const sentences = {
  REQUIRED: ({ unless }: { unless?: string | undefined; when?: string | undefined; value?: string | undefined }) =>
    `is required${unless === undefined ? '' : ` unless ${unless} is given`}`,
  WRONG_TYPE: ({ expected, isNull }: { expected: string; isNull?: boolean | undefined }) =>
    `must be ${typeNames[expected] ?? expected}${isNull ? ', not null' : ''}`,
  UNKNOWN_KEY: () => 'is not known here',
  REPEATED: () => 'is given more than once',
  TOO_SHORT: characters as (params: Length & { min: number }) => string,
  TOO_LONG: characters as (params: Length & { max: number }) => string,
  TOO_SMALL: ({ min }: { min: number }) => `must be at least ${min}`,
  TOO_LARGE: ({ max }: { max: number }) => `must be at most ${max}`,
  TOO_FEW: ({ min }: { min: number }) => `must have at least ${plural(min, 'item')}`,
  TOO_MANY: ({ max }: { max: number }) => `must have at most ${plural(max, 'item')}`,
  NOT_ONE_OF: ({ options }: { options: readonly unknown[] }) =>
    options.length === 1 ? `must be ${options[0]}` : `must be one of ${list(options)}`,
  INVALID: () => 'is not valid',
  INVALID_FORMAT: (_: { pattern?: string | undefined; example?: string | undefined }) =>
    'is not written in the form that is needed here',
  INVALID_ID: (_: { example: string }) => 'is not an id (a UUID)',
  INVALID_EMAIL: ({ example }: { example: string }) => `is not an e-mail address like ${example}`,
  INVALID_URL: ({ example }: { example: string }) => `is not an http(s) address like ${example}`,
  INVALID_TIME_ZONE: ({ example }: { example: string }) => `is not an IANA time zone by its name, e.g. ${example}`,
  INVALID_DATE: ({ reason, example }: { reason: string; example: string }) =>
    reason === 'dateForm'
      ? `must be a date without a time, like ${example}`
      : `must be a date with a time and an offset from UTC, like ${example}`,
  INVALID_CHARACTER: (_: { kind: 'control' | 'direction' | 'surrogate' | 'nul' | 'replacement' }) =>
    'has a character that is not allowed here',
  INVALID_CURSOR: () => 'is not a nextCursor of this list; begin again without it',
  INVALID_ENTITY_TAG: ({ example }: { example: string }) => `must be * or entity tags in quotes, like ${example}`,
  INVALID_FILE: (_: { name?: string | undefined }) => 'is not a file that is accepted here',
  IN_THE_PAST: ({ example }: { example?: string | undefined }) =>
    `must be in the future${example === undefined ? '' : `, like ${example}`}`,
  OUT_OF_RANGE: ({ min, max }: { min: string; max: string }) => `must be between ${min} and ${max}`,
  BEFORE: ({ field }: { field: string }) => `must not be before ${field}`,
  BEYOND_LAST_PAGE: ({ max }: { max: number }) => `begins after item ${max}, where numbered pages end`,
  NOT_COMBINABLE: ({ with: other, value }: { with: string; value?: string | undefined }) =>
    `cannot be combined with ${other}${value === undefined ? '' : ` ${value}`}`,
  NEEDS: ({ field }: { field: string }) => `needs ${field} beside it`,
  NOTHING_TO_CHANGE: () => 'must contain at least one field to change',
  WEAK_PASSWORD: (_: { rules: readonly string[] }) => 'is not a good password',
  SAME_AS_BEFORE: () => 'must differ from the current one',
  WRONG_PASSWORD: () => 'is not your password',
  WRONG_CODE: (_: { factor: 'mail' | 'app' | 'recovery' }) => 'is wrong, or was used already',
  RESERVED: () => 'is reserved; choose another one',
  TAKEN: () => 'is taken; choose another one',
  ALREADY_INVITED: () => 'has an open invitation already',
  ALREADY_EXISTS: () => 'exists already',
  DONE_ALREADY: ({ what }: { what: DoneAlready }) => doneAlready[what],
  NOT_ALLOWED: ({ value }: { value?: string | undefined }) =>
    `is more than your role allows${value === undefined ? '' : `: ${value}`}`,
  LAST_ADMIN: () => 'would leave the organization without an administrator',
  YOURSELF: () => 'is yourself',
  NOT_A_MEMBER: () => 'is not an active member of your organization',
  NOT_REACHABLE: () =>
    'is not a user whom you can write to: these are your friends and the members of your organization',
  NOT_AVAILABLE: () => 'names nothing that you can use here',
} as const satisfies Record<string, (params: never) => string>

export type DetailCode = keyof typeof sentences
/** All codes of details, in the order of the documentation. */
export const detailCodes = Object.keys(sentences) as [DetailCode, ...DetailCode[]]

/** The values that complete the sentence of a code. */
export type DetailParams<Code extends DetailCode> =
  Parameters<(typeof sentences)[Code]> extends [infer Params] ? Params : Record<string, never>

/** One fault of the request: its place (`body.email`, `query.page`), its code with params, and the same as a sentence. */
export type ErrorDetail = { path: string; code: DetailCode; params: Record<string, unknown>; message: string }

/** A fault of a field, without its place. */
export type Fault = Omit<ErrorDetail, 'path'>

/** Params and, where the sentence of the code is too general, a better one. */
export type FaultArguments<Code extends DetailCode> =
  Record<string, never> extends DetailParams<Code>
    ? [params?: DetailParams<Code>, message?: string]
    : [params: DetailParams<Code>, message?: string]

/** Returns a fault with the sentence of its code, or with a better one. */
export function faultOf<Code extends DetailCode>(code: Code, ...[params, message]: FaultArguments<Code>): Fault {
  const known = definedOf(params ?? {})
  return { code, params: known, message: message ?? (sentences[code] as (params: object) => string)(known) }
}

const definedOf = (params: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined))

/** Returns a fault at its place in the request. */
export const detailOf = <Code extends DetailCode>(
  path: string,
  code: Code,
  ...given: FaultArguments<Code>
): ErrorDetail => ({
  path,
  ...faultOf(code, ...given),
})

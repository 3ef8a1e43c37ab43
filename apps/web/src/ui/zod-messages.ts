import { faultSentence } from '../lib/faults.ts'
import { z } from '../lib/zod.ts'

type Issue = Parameters<NonNullable<NonNullable<Parameters<typeof z.config>[0]>['customError']>>[0]

/** Returns the code of docs/use.md for what a schema found, so that a fault reads alike whoever finds it. */
function codeOf(issue: Issue): string {
  if (issue.code === 'invalid_type') return issue.input === undefined ? 'REQUIRED' : 'WRONG_TYPE'
  if (issue.input === '') return 'REQUIRED'
  if (issue.code === 'too_small') return issue.origin === 'string' ? 'TOO_SHORT' : 'TOO_SMALL'
  if (issue.code === 'too_big') return issue.origin === 'string' ? 'TOO_LONG' : 'TOO_LARGE'
  if (issue.code === 'invalid_value') return 'NOT_ONE_OF'
  if (issue.code !== 'invalid_format') return 'INVALID'
  return issue.format === 'email' ? 'INVALID_EMAIL' : issue.format === 'url' ? 'INVALID_URL' : 'INVALID_FORMAT'
}

z.config({
  customError(issue) {
    const { minimum: min, maximum: max } = issue as { minimum?: unknown; maximum?: unknown }
    return faultSentence({ code: codeOf(issue), params: { min, max }, message: '' })
  },
})

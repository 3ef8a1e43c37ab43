import { expect, test } from 'vitest'
import { catalogue, DomainError, type ErrorCode } from './index.ts'

test('every error has the status of an error and a whole sentence', () => {
  for (const [code, { status, message }] of Object.entries(catalogue)) {
    expect([code, status]).toEqual([code, expect.toSatisfy((value: number) => value >= 400 && value <= 505)])
    expect([code, message]).toEqual([code, expect.stringMatching(/^[A-Z].*\.$/)])
  }
})

test('a thrown error has the status and the sentence of its code, unless its thrower has a better sentence', () => {
  const code: ErrorCode = 'NOT_FOUND'
  expect(new DomainError(code)).toMatchObject({ code, ...catalogue[code] })
  expect(new DomainError(code, { message: 'Gone.' })).toMatchObject({ status: 404, message: 'Gone.' })
})

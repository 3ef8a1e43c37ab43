import { isReservedUsername } from '@muster/identifiers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'
import { createSuperAdmin } from '../admin/create-super-admin.ts'
import { accept, invited, newAccount } from '../invites/testing/invites-fixtures.ts'
import { newUser, register } from '../sign-in/testing/sign-in-fixtures.ts'

let api: TestApp

beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

const reservedDetail = [
  { path: 'body.username', code: 'RESERVED', params: {}, message: 'is reserved; choose another username' },
]
const rename = async (username: string, changes: object) => {
  const user = await api.signUp()
  await api.db.updateTable('users').set({ username }).where('id', '=', user.userId).execute()
  return user.inject('PATCH', '/api/v1/users/me', changes)
}

describe.each(['admin', 'ADMIN', 'support', 'muster', 'null', '_me_', 'r00t', 'support24', 'no_reply', 'deleted_me'])(
  'the username %s',
  (username) => {
    test('is refused at registration, acceptance of an invitation and change of the profile', async () => {
      const { token } = await invited(api, await api.signUp(), 'client_user')
      const answers = [
        await register(api.connect(), { ...newUser(), username }),
        await accept(api.connect(), { ...newAccount(token), username }),
        await (await api.signUp()).inject('PATCH', '/api/v1/users/me', { username }),
      ]
      for (const answer of answers) {
        expect([answer.statusCode, answer.json().error]).toMatchObject([
          400,
          { code: 'VALIDATION_FAILED', details: reservedDetail },
        ])
      }
    })

    test('is kept by the user who has it, also when the profile is sent as a whole', async () => {
      const kept = username.toLowerCase()
      const answer = await rename(kept, { username, name: 'Another' })
      expect(answer.json().data?.user).toMatchObject({ username: kept, name: 'Another' })
      await api.db.deleteFrom('users').where('username', '=', kept).execute()
    })
  },
)

test('a user with a reserved username cannot take another reserved one', async () => {
  expect((await rename('root', { username: 'postmaster' })).json().error.details).toEqual(reservedDetail)
})

test('a super admin created on the command line gets a reserved username', async () => {
  const email = 'first@example.test'
  await createSuperAdmin(api.deps, { email, name: 'First', password: 'F1rst-Password', by: 'operator' })
  const row = await api.db.selectFrom('users').select('username').where('email', '=', email).executeTakeFirstOrThrow()
  expect(row.username).toMatch(/^admin_[0-9a-f]{12}$/)
  expect(isReservedUsername('admin')).toBe(true)
})

import { openCache } from '@muster/cache'
import { systemClock } from '@muster/db'
import { DomainError } from '@muster/errors'
import { lowerCaseAscii } from '@muster/identifiers'
import { createTransact, noPublisher } from '@muster/jobs/outbox'
import { createLogger } from '@muster/logger'
import { findUserIdByAnyName } from '../modules/accounts/accounts.service.ts'
import type { AdminUser, AdminUserPatch } from '../modules/admin/admin-users.schema.ts'
import { adminUserPatch, userQuery } from '../modules/admin/admin-users.schema.ts'
import * as users from '../modules/admin/admin-users.service.ts'
import { commandLine } from '../modules/admin/principal.ts'
import { resetFactor } from '../modules/two-factor/reset-factor.ts'
import { type Result, table } from './command.ts'
import { checked, readServices, withDb } from './environment.ts'

const platformRoles = ['super_admin', 'site_admin', 'operator'] as const
const perPage = 100

/** Everybody who administrates the platform. */
export function listAdmins(): Promise<Result> {
  return withPeople(async (deps) => {
    const admins: AdminUser[] = []
    for (const role of platformRoles) {
      for (let page = 1, isMore = true; isMore; page++) {
        const found = await users.listUsers(deps, commandLine, { role, page, limit: perPage })
        admins.push(...found.users)
        isMore = page < found.pagination.totalPages
      }
    }
    return { data: { users: admins }, lines: describe(admins) }
  })
}

/** A page of people. @throws Error for an option that is none */
export function listPeople({ active, ...options }: Readonly<Record<string, string | undefined>>): Promise<Result> {
  const query = checked(userQuery, { ...options, ...(active !== undefined && { isActive: active }) })
  return withPeople(async (deps) => {
    const { users: found, pagination } = await users.listUsers(deps, commandLine, query)
    const { page, totalPages, total } = pagination
    return {
      data: { users: found, pagination },
      lines: [...describe(found), '', `page ${page} of ${totalPages}, ${total} people`],
    }
  })
}

export const showPerson = (name: string): Promise<Result> =>
  about(name, async (deps, id) => toResult(await users.readUser(deps, commandLine, id)))

/** @throws Error for a role that is none */
export function changePerson(name: string, change: { isActive?: boolean; role?: string | undefined }): Promise<Result> {
  const patch: AdminUserPatch = checked(adminUserPatch, change)
  return about(name, async (deps, id) => toResult(await users.changeUser(deps, commandLine, id, patch)))
}

export const revokeSessionsOf = (name: string): Promise<Result> =>
  about(name, async (deps, id) => {
    const ended = await users.revokeSessions(deps, commandLine, id)
    return { data: { ended }, lines: [`${ended} sessions have ended.`] }
  })

export const dropCacheOf = (name: string): Promise<Result> =>
  about(name, async (deps, id) => {
    await users.invalidateProfileOf(deps, commandLine, id)
    return { data: { id }, lines: ['The next reading of the profile asks the database.'] }
  })

export const resetTwoFactor = (name: string): Promise<Result> =>
  about(name, async (deps, id) => {
    const before = await resetFactor(deps, id)
    const isChanged = before !== 'none'
    return {
      data: { id, before, isChanged },
      lines: [isChanged ? `${name} has no second factor any more.` : 'No second factor is on. Nothing was changed.'],
    }
  })

/** Does something about the person who has this id, e-mail or username. @throws Error when nobody has */
function about(name: string, act: (deps: users.UserAdminDeps, id: string) => Promise<Result>): Promise<Result> {
  return withPeople(async (deps) => {
    const id = await findUserIdByAnyName(deps.db, lowerCaseAscii(name.trim()))
    if (id === undefined) throw new DomainError('NOT_FOUND', { message: 'Nobody has this id, e-mail or username.' })
    return act(deps, id)
  })
}

const toResult = (user: AdminUser): Result => ({
  data: { user },
  lines: Object.entries(user).map(
    ([field, value]) => `${field.padEnd(22)}${Array.isArray(value) ? value.join(', ') : value}`,
  ),
})

const describe = (people: readonly AdminUser[]): string[] =>
  table(
    ['id', 'username', 'e-mail', 'role', 'state', 'factor'],
    people.map(({ id, username, email, role, isActive, twoFactorMethod }) => [
      id,
      username,
      email,
      role,
      isActive ? 'active' : 'deactivated',
      twoFactorMethod,
    ]),
  )

/** Runs with what administration of people needs: a database, and Redis for what is cached. */
async function withPeople<T>(use: (deps: users.UserAdminDeps) => Promise<T>): Promise<T> {
  const { DATABASE_URL, REDIS_URL } = readServices()
  const cache = openCache({ redisUrl: REDIS_URL, log: createLogger({ name: 'muster', level: 'silent' }) })
  try {
    return await withDb(DATABASE_URL, (db) =>
      use({
        db,
        clock: systemClock,
        transact: createTransact({ db, publisher: noPublisher }),
        cache,
        presence: { lastSeen: async () => new Map() },
        // Every instance of the API sees the rows within a second.
        revocations: { noteRevoked() {} },
      }),
    )
  } finally {
    const expiring = await cache.close()
    if (expiring > 0) process.stderr.write('Redis is away: cached profiles expire within ten minutes.\n')
  }
}

import { openCache } from '@muster/cache'
import { systemClock } from '@muster/db'
import { DomainError } from '@muster/errors'
import { emailAddress, lowerCaseAscii } from '@muster/identifiers'
import { createTransact, noPublisher } from '@muster/jobs/outbox'
import { createLogger } from '@muster/logger'
import { counted } from '@muster/text'
import { primaryReads, type Reads } from '../http/reads/reads.ts'
import { findUserIdByAnyName } from '../modules/accounts/accounts.service.ts'
import type { AdminUser, AdminUserPatch } from '../modules/admin/admin-users.schema.ts'
import { adminUserPatch, userQuery } from '../modules/admin/admin-users.schema.ts'
import * as users from '../modules/admin/admin-users.service.ts'
import { commandLine } from '../modules/admin/principal.ts'
import { resetFactor } from '../modules/two-factor/reset-factor.ts'
import { type Result, table } from './command.ts'
import { checked, readServices, withDb } from './environment.ts'
import { tell } from './surroundings.ts'

const platformRoles = ['super_admin', 'site_admin', 'operator'] as const
const perPage = 100

/** Lists all users with a platform role. */
export function listAdmins(): Promise<Result> {
  return withUserAdmin(async (deps) => {
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

/** Lists a page of users. @throws Error for an invalid option */
export function listUsers({ active, ...options }: Readonly<Record<string, string | undefined>>): Promise<Result> {
  const query = checked(userQuery, { ...options, ...(active !== undefined && { isActive: active }) })
  return withUserAdmin(async (deps) => {
    const { users: found, pagination } = await users.listUsers(deps, commandLine, query)
    const { page, totalPages, total } = pagination
    return {
      data: { users: found, pagination },
      lines: [...describe(found), '', `page ${page} of ${totalPages}, ${total} people`],
    }
  })
}

/** Shows one user. */
export const showUser = (name: string): Promise<Result> =>
  withUser(name, async (deps, id) => toResult((await users.readUser(deps, commandLine, id)).user))

/** Changes a user's role, deactivates or reactivates them. @throws Error for an unknown role */
export function changeUser(name: string, change: { isActive?: boolean; role?: string | undefined }): Promise<Result> {
  const patch: AdminUserPatch = checked(adminUserPatch, change)
  return withUser(name, async (deps, id) => toResult((await users.changeUser(deps, commandLine, id, patch)).user))
}

/** Ends all sessions of a user. */
export const revokeSessions = (name: string): Promise<Result> =>
  withUser(name, async (deps, id) => {
    const ended = await users.revokeSessions(deps, commandLine, id)
    return { data: { ended }, lines: [`Ended: ${counted(ended, 'session')}.`] }
  })

/** Invalidates the cached profile of a user. */
export const dropCachedProfile = (name: string): Promise<Result> =>
  withUser(name, async (deps, id) => {
    await users.invalidateProfileOf(deps, commandLine, id)
    return { data: { id }, lines: ['The cached profile is removed. The next read comes from the database.'] }
  })

/** Removes the second factor of a user. */
export const resetTwoFactor = (name: string): Promise<Result> =>
  withUser(name, async (deps, id) => {
    const before = await resetFactor(deps, id)
    const isChanged = before !== 'none'
    return {
      data: { id, before, isChanged },
      lines: [
        isChanged ? `${name} has no second factor any more.` : 'No second factor is enabled. Nothing was changed.',
      ],
    }
  })

/** Runs a command on the user with this id, e-mail or username. @throws DomainError NOT_FOUND */
function withUser(name: string, act: (deps: users.UserAdminDeps, id: string) => Promise<Result>): Promise<Result> {
  return withUserAdmin(async (deps) => {
    const id = await findUserIdByAnyName(deps.db, emailAddress.safeParse(name).data ?? lowerCaseAscii(name.trim()))
    if (id === undefined) throw new DomainError('NOT_FOUND', { message: 'No user has this id, e-mail or username.' })
    return act(deps, id)
  })
}

const toResult = (user: AdminUser): Result => ({
  data: { user },
  lines: Object.entries(user).map(
    ([field, value]) => `${field.padEnd(22)}${Array.isArray(value) ? value.join(', ') : value}`,
  ),
})

const describe = (rows: readonly AdminUser[]): string[] =>
  table(
    ['id', 'username', 'e-mail', 'role', 'state', 'factor'],
    rows.map(({ id, username, email, role, isActive, twoFactorMethod }) => [
      id,
      username,
      email,
      role,
      isActive ? 'active' : 'deactivated',
      twoFactorMethod,
    ]),
  )

/** Opens the dependencies of user administration for one command, and closes them. */
async function withUserAdmin<T>(use: (deps: users.UserAdminDeps & { reads: Reads }) => Promise<T>): Promise<T> {
  const { database, redis } = readServices()
  const cache = openCache({ redisSettings: redis, log: createLogger({ name: 'muster', level: 'silent' }) })
  try {
    return await withDb(database, (db) =>
      use({
        db,
        reads: primaryReads(db),
        clock: systemClock,
        transact: createTransact({ db, publisher: noPublisher }),
        cache,
        presence: { read: async () => null },
        // Every instance of the API polls the rows within a second.
        revocations: { noteRevoked() {} },
      }),
    )
  } finally {
    const expiring = await cache.close()
    if (expiring > 0) tell('Redis is unavailable: cached profiles expire within ten minutes.')
  }
}

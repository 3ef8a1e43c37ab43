import type { Role } from '@muster/policy'
import type { TestApp, TestUser } from '../../../testing/test-app.ts'

export const base = '/api/v1/admin'
export const unknownId = '01890000-0000-7000-8000-000000000000'

export const userUrl = (id: string) => `${base}/users/${id}`
export const changeUser = (by: TestUser, id: string, patch: object) => by.inject('PATCH', userUrl(id), patch)
export const endSessions = (by: TestUser, id: string) => by.inject('POST', `${userUrl(id)}/revoke-sessions`)

export const platformRoles = ['super_admin', 'site_admin', 'operator'] as const
export const clientRoles = ['client_admin', 'client_user'] as const

/** Reads the audit events of one action, oldest first. */
export const eventsOf = (api: TestApp, action: string, targetId?: string) =>
  api.db
    .selectFrom('audit_pending')
    .selectAll()
    .where('action', '=', action)
    .$if(targetId !== undefined, (query) => query.where('target_id', '=', targetId as string))
    .orderBy('id')
    .execute()

/** Signs up one user of each role. */
export async function oneOfEach(api: TestApp): Promise<Record<Role, TestUser>> {
  const roles = [...platformRoles, ...clientRoles]
  return Object.fromEntries(
    await Promise.all(roles.map(async (role) => [role, await api.signUp({ role })] as const)),
  ) as Record<Role, TestUser>
}

/** Counts the answers by status. */
export function tally(answers: readonly { statusCode: number }[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { statusCode } of answers) counts[statusCode] = (counts[statusCode] ?? 0) + 1
  return counts
}

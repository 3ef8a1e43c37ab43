export { can, rolesWith, scopeOf, type Target } from './can.ts'
export { invitableRoles } from './invitable-roles.ts'
export type { Permission, Scope } from './table.ts'

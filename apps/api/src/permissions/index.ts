export { can, rolesWith, scopeOf } from './can.ts'
export { invitableRoles } from './invitable-roles.ts'
export type { Permission } from './table.ts'

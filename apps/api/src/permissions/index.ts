export { invitableRoles } from './invitable-roles.ts'

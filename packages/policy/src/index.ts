export { activeUserSql, isActiveUser, type UserState } from './active-user.ts'
export { can, rolesWith, scopeOf, type Target } from './can.ts'
export {
  type ChatMembership,
  changeDeliveredTo,
  chatFileVisibleSql,
  chatFileVisibleTo,
  isChatMember,
  isChatMemberSql,
  messageVisibleSql,
  messageVisibleTo,
} from './chat-access.ts'
export { messageAlertsSql, messageUnreadSql } from './chat-alerts.ts'
export { invitableRoles } from './invitable-roles.ts'
export { type Channels, channelsFor, wantsChannelSql } from './notification-channels.ts'
export {
  applyDefaults,
  defaultPreferences,
  omitDefaults,
  type Preferences,
  preferences,
} from './notification-preferences.ts'
export { type NotificationType, notificationTypes, quietTypes } from './notification-types.ts'
export { type Permission, permissions } from './permissions.ts'
export { hasReceiptsSql, receiptsBetweenSql } from './receipts.ts'
export { type Factors, lacksFactorSql, lacksRequiredFactor, lacksRequiredFactorSql } from './required-factor.ts'
export { type Principal, type Role, roleSchema, roles } from './roles.ts'
export { isSwitchedOnSql } from './switches.ts'
export {
  administeredOrganizationId,
  canDeleteTask,
  type TaskAccess,
  taskAssignedToSql,
  taskVisibleTo,
  taskVisibleToSql,
  taskVisibleToUserSql,
} from './task-access.ts'

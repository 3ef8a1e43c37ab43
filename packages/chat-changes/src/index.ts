export { type Ending, endGroupMemberships, endMemberships } from './end-memberships.ts'
export {
  type ChatTx,
  type LockedChat,
  lockChats,
  lockedColumns,
  nextChange,
  nextOwnChange,
  nextSeq,
  saveAllCounters,
  saveCounters,
  signalChange,
  updateCounters,
} from './locked-chat.ts'
export { planNotice, planNoticeNow } from './plan-notice.ts'
export { raiseDirectMemberships } from './raise-memberships.ts'
export { raiseMessages } from './raise-messages.ts'

export { type LockedChat, lockChats } from './lock-chats.ts'
export { raiseMessages } from './raise-messages.ts'

import type { ChatSteps } from '../friends/chat-steps.ts'
import { lockDirectChat } from './groups/group.queries.ts'

/** Provides the steps of chats that friends need. */
export const chatSteps: ChatSteps = { lockDirectChat }

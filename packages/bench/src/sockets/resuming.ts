import { type Child, startChild } from '../child.ts'

/** A client's session, its chat, and the number of the last change of it that it knows. */
export type ResumingMember = { cookie: string; chatId: string; known: number }

/** Clients of a chat each: each connects to the first server, and after a loss to any that takes it, and then asks for what it missed. */
export type ResumingQuestion = { open: { members: ResumingMember[]; origins: string[] } } | { state: true }

export type ResumingState = {
  /** The number of the last change that each client has, as if it built its state from it. */
  latest: number[]
  /** Changes that did not follow the one before. */
  gaps: number
  /** For each loss of a connection: how long it took from the close until the client had all changes of that moment. */
  resumedMs: number[]
  /** Clients that are not connected, or have not caught up. */
  pending: number
}

export type ResumingClients = Child<ResumingQuestion, ResumingState>

export const startResumingClients = (): Promise<ResumingClients> =>
  startChild(new URL('./resuming-main.ts', import.meta.url))

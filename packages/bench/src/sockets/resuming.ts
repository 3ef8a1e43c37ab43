import { type Child, startChild } from '../child.ts'

/** Clients of one chat: each connects to the first server, and after a loss to any that takes it, and then asks for what it missed. */
export type ResumingQuestion =
  | { open: { cookies: string[]; origins: string[]; chatId: string; known: number } }
  | { state: true }

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

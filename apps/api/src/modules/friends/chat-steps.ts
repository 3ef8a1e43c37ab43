import type { Trx } from '@muster/db'

/** The steps in chats that friends call, which stand in a later row. `app.ts` passes it in. */
export type ChatSteps = {
  /**
   * Locks the direct chat of two users, if they have one, until the transaction ends: messages that are being sent are committed
   * before, and later ones see what the transaction wrote. Called after the rows of both users were locked.
   */
  lockDirectChat(trx: Trx, userId: string, otherId: string): Promise<void>
}

import type { SyncAnswer } from '@muster/realtime/events'

type SyncedChat = SyncAnswer['chats'][number]
type Position = SyncAnswer['readPositions'][number]

/** An answer has at most 256 KiB; its other fields take the rest. */
const maxBytes = 255 * 1_024

export type AnswerSize = {
  /** Counts something that the answer has in any case. */
  add(value: unknown): void
  /**
   * Counts a chat with its read positions, or as many of its changes as fit.
   * @returns the entry to answer with, if any; `isWhole` when nothing had to be left out
   */
  fit(
    entry: SyncedChat | undefined,
    positions: readonly Position[],
  ): { entry?: SyncedChat | undefined; isWhole: boolean }
}

/** Counts the bytes of an answer. @param originLength the length of what makes each file URL absolute */
export function createAnswerSize(originLength: number): AnswerSize {
  let leftBytes = maxBytes
  const bytesOf = (value: unknown) => jsonBytes(value, originLength)
  return {
    add(value) {
      leftBytes -= bytesOf(value)
    },
    fit(entry, positions) {
      const extra = bytesOf(positions)
      const whole = bytesOf(entry ?? null) + extra
      if (whole <= leftBytes) {
        leftBytes -= whole
        return { entry, isWhole: true }
      }
      if (!entry || !('changes' in entry)) return { isWhole: false }
      leftBytes -= bytesOf({ ...entry, changes: [] })
      const changes = []
      for (const change of entry.changes) {
        leftBytes -= bytesOf(change) + 1
        if (leftBytes < 0) break
        changes.push(change)
      }
      const last = changes.at(-1)
      return last ? { entry: { ...entry, latest: last.change, changes }, isWhole: false } : { isWhole: false }
    },
  }
}

/** Counts the bytes of a value as JSON, whose file URLs become absolute later. */
function jsonBytes(value: unknown, originLength: number): number {
  const json = JSON.stringify(value)
  return Buffer.byteLength(json) + originLength * (json.split('"/api/').length - 1)
}

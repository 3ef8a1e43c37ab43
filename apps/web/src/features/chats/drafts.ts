import { useSyncExternalStore } from 'react'

/** What somebody has typed in a chat and not sent. */
export type Draft = { text: string; replyToId?: string | undefined }

const prefix = 'muster-draft '
const keyOf = (userId: string, chatId: string) => `${prefix}${userId} ${chatId}`
const listeners = new Set<() => void>()
/** Takes the place of the storage where the browser refuses it. */
const memory = new Map<string, string>()

function read(key: string): string | null {
  try {
    return localStorage.getItem(key) ?? memory.get(key) ?? null
  } catch {
    return memory.get(key) ?? null
  }
}

function write(key: string, value: string | null): void {
  memory.delete(key)
  try {
    if (value === null) localStorage.removeItem(key)
    else localStorage.setItem(key, value)
  } catch {
    if (value !== null) memory.set(key, value)
  }
  for (const listener of listeners) listener()
}

function parse(stored: string | null): Draft | null {
  try {
    const draft = stored === null ? null : (JSON.parse(stored) as Partial<Draft>)
    return typeof draft?.text === 'string' ? { text: draft.text, replyToId: draft.replyToId } : null
  } catch {
    return null
  }
}

/** Returns the unsent text of a user in a chat, which this browser keeps also over a reload. */
export const draftOf = (userId: string, chatId: string): Draft | null => parse(read(keyOf(userId, chatId)))

/** Keeps the unsent text of a user in a chat; nothing is kept of an empty one. */
export const keepDraft = (userId: string, chatId: string, draft: Draft): void =>
  write(keyOf(userId, chatId), draft.text.trim() === '' && !draft.replyToId ? null : JSON.stringify(draft))

/** Deletes all unsent texts of this browser, when its user signs out. */
export function forgetDrafts(): void {
  memory.clear()
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key)
  } catch {
    // Without storage there is nothing to delete.
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  addEventListener('storage', listener)
  return () => {
    listeners.delete(listener)
    removeEventListener('storage', listener)
  }
}

/** Returns the unsent text of a chat for its row in the list. */
export function useDraftText(userId: string, chatId: string): string | undefined {
  const stored = useSyncExternalStore(subscribe, () => read(keyOf(userId, chatId)))
  return parse(stored)?.text.trim() || undefined
}

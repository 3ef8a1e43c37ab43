import type { Message } from '../generated/schemas.gen.ts'

type ReadPage = (query: { before?: number; limit: number }) => Promise<{ messages: Message[]; hasMore: boolean }>

/** The messages of a chat from some number to the latest one. */
export type MessageWindow = {
  messages(): readonly Message[]
  hasOlder(): boolean
  isLoaded(): boolean
  /** Reads the latest messages; when there are some already, at least as many as these. */
  load(): Promise<void>
  /** Reads the page before the oldest message, or everything back to a number. */
  loadOlder(toSeq?: number): Promise<void>
  /** Puts a message in its place, unless a newer state of it is there. */
  apply(message: Message): void
  /** Puts a message at the end when none is missing before it. */
  applyNext(message: Message): void
  /** Removes messages with lower numbers. */
  dropBelow(seq: number): void
  /** Lets go of the messages. */
  unload(): void
}

const pageSize = 50
const maxPageSize = 100
/** A window that was longer begins anew after a resync. */
const maxReloaded = 1_000

/** Creates an empty window. @param onChange is called after each change of what it shows */
export function createMessageWindow(read: ReadPage, onChange: () => void): MessageWindow {
  let messages: readonly Message[] = []
  let hasOlder = false
  let isLoaded = false
  /** States of messages that came while a page was read, which may be newer than those of the page. */
  let late: Map<string, Message> | undefined
  let firstSeq = 0
  let reading: Promise<void> | undefined

  /** Runs one reading after the other, and remembers meanwhile what comes. */
  function exclusively(run: () => Promise<void>): Promise<void> {
    const before = reading ?? Promise.resolve()
    const own = before
      .catch(() => undefined)
      .then(async () => {
        late = new Map()
        try {
          await run()
        } finally {
          late = undefined
        }
      })
    reading = own
    return own
  }

  /** Merges messages by their numbers; of two states the newer one stays. */
  function merge(...lists: (readonly Message[])[]): readonly Message[] {
    const newest = new Map<string, Message>()
    for (const message of lists.flat()) {
      const known = newest.get(message.id)
      if (!known || known.change <= message.change) newest.set(message.id, message)
    }
    return [...newest.values()].filter(({ seq }) => seq >= firstSeq).sort((one, other) => one.seq - other.seq)
  }

  function newestOf(page: readonly Message[], from: number): readonly Message[] {
    const states = [...(late?.values() ?? [])]
    return merge(
      page,
      states.filter(({ id, seq }) => seq >= from || page.some((one) => one.id === id)),
    )
  }

  function apply(message: Message): void {
    late?.set(message.id, message)
    const [oldest] = messages
    if (!isLoaded || message.seq < firstSeq || (oldest && hasOlder && message.seq < oldest.seq)) return
    const last = messages.at(-1)
    messages = !last || message.seq > last.seq ? [...messages, message] : merge(messages, [message])
    onChange()
  }

  return {
    messages: () => messages,
    hasOlder: () => hasOlder,
    isLoaded: () => isLoaded,
    load: () =>
      exclusively(async () => {
        const wanted = Math.min(messages.length, maxReloaded)
        let page = await read({ limit: pageSize })
        let all: readonly Message[] = page.messages
        while (page.hasMore && all.length < wanted) {
          page = await read({ before: all[0]?.seq ?? 0, limit: maxPageSize })
          all = [...page.messages, ...all]
        }
        messages = newestOf(all, all[0]?.seq ?? 0)
        hasOlder = page.hasMore
        isLoaded = true
        onChange()
      }),
    loadOlder: (toSeq) =>
      exclusively(async () => {
        const limit = toSeq === undefined ? pageSize : maxPageSize
        for (let isFirst = true; hasOlder && (isFirst || toSeq !== undefined); isFirst = false) {
          const [oldest] = messages
          if (!oldest || (toSeq !== undefined && oldest.seq <= toSeq)) return
          const page = await read({ before: oldest.seq, limit })
          // The program let go of the messages meanwhile.
          if (!isLoaded) return
          messages = merge(newestOf(page.messages, oldest.seq), messages)
          hasOlder = page.hasMore
          onChange()
        }
      }),
    apply,
    applyNext(message) {
      const last = messages.at(-1)
      if (last ? message.seq === last.seq + 1 : message.seq === 1) apply(message)
    },
    dropBelow(seq) {
      firstSeq = Math.max(firstSeq, seq)
      const [oldest] = messages
      if (oldest && oldest.seq >= seq) return
      messages = messages.filter((message) => message.seq >= seq)
      hasOlder = false
      onChange()
    },
    unload() {
      messages = []
      hasOlder = false
      isLoaded = false
    },
  }
}

import { isolated } from '../../lib/isolated.ts'
import { m } from '../../paraglide/messages.js'
import type { Person } from './use-chat.ts'

type Props = { typing: readonly string[]; people: ReadonlyMap<string, Person> }

/** Says who is typing; its place is kept while nobody is. */
export function TypingLine({ typing, people }: Props) {
  const [name = '', other = ''] = typing.map((id) => isolated(people.get(id)?.name ?? m.chats_somebody()))
  const count = typing.length
  return (
    <p role="status" className="h-6 shrink-0 truncate px-4 text-sm text-ink-3">
      {count === 1 && m.chats_typing_one({ name })}
      {count === 2 && m.chats_typing_two({ name, other })}
      {count > 2 && m.chats_typing_many({ count })}
    </p>
  )
}

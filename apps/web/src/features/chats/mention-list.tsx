import { m } from '../../paraglide/messages.js'
import { Avatar } from '../../ui/avatar.tsx'
import { cx } from '../../ui/cx.ts'
import type { Person } from './use-chat.ts'

type Props = { id: string; people: readonly Person[]; index: number; onPick: (person: Person) => void }

/** The members who can be mentioned, above the field; the field keeps the focus. */
export function MentionList({ id, people, index, onPick }: Props) {
  return (
    <div
      id={id}
      role="listbox"
      aria-label={m.chats_members()}
      className="popup absolute inset-x-0 bottom-full z-10 mb-2 max-w-sm p-1.5"
    >
      {people.map((person, at) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys of the field choose
        <div
          key={person.id}
          id={`${id}-${at}`}
          role="option"
          tabIndex={-1}
          aria-selected={at === index}
          // The field would lose the focus, and the list would go before the click.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onPick(person)}
          className={cx(
            'flex min-h-9 cursor-pointer items-center gap-2.5 rounded-sm px-2 text-[0.9375rem] touch:min-h-11',
            at === index && 'bg-raised',
          )}
        >
          <Avatar size="xs" name={person.name} url={person.avatarUrl} />
          <bdi className="min-w-0 truncate font-medium">{person.name}</bdi>
          <bdi className="max-w-1/2 shrink-0 truncate text-ink-3">@{person.username}</bdi>
        </div>
      ))}
    </div>
  )
}

import type { PublicUser } from '@muster/client'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Check, Search, UserRoundX, X } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { isolated } from '../../lib/isolated.ts'
import { m } from '../../paraglide/messages.js'
import { Avatar } from '../../ui/avatar.tsx'
import { ButtonLink } from '../../ui/button.tsx'
import { cx } from '../../ui/cx.ts'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Field, TextInput } from '../../ui/field.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { peopleQuery } from './queries.ts'
import { useSettled } from './use-settled.ts'

export type Choice = Pick<PublicUser, 'id' | 'name' | 'username' | 'avatarUrl'>

type Props = {
  organizationId: string | null
  only?: 'organization' | undefined
  /** People who are not offered: the user, and who is there already. */
  without: ReadonlySet<string>
  /** Those who are chosen, for a choice of several. */
  chosen?: readonly Choice[]
  onPick: (person: Choice) => void
  isBusy?: boolean
}

const patienceMs = 250

/** Offers the people to whom the user can write. */
export function PeoplePicker({ organizationId, only, without, chosen, onPick, isBusy }: Props) {
  const [text, setText] = useState('')
  const q = useSettled(text.trim(), patienceMs)
  const found = useQuery({
    ...peopleQuery(q, { organizationId, ...(only && { only }) }),
    placeholderData: keepPreviousData,
  })
  const people = found.data?.filter(({ id }) => !without.has(id))
  return (
    <div className="flex flex-col gap-3">
      <Field label={m.chats_people_search()} hint={m.chats_people_hint()}>
        <TextInput
          type="search"
          icon={<Search />}
          autoComplete="off"
          maxLength={100}
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
      </Field>
      {chosen && chosen.length > 0 && (
        <ul aria-label={m.chats_chosen({ count: chosen.length })} className="flex flex-wrap gap-1.5">
          {chosen.map((person) => (
            <li key={person.id} className="max-w-full">
              <button
                type="button"
                aria-label={m.chats_unchoose({ name: isolated(person.name) })}
                onClick={() => onPick(person)}
                className="flex min-h-8 max-w-56 items-center gap-1.5 rounded-full bg-accent-soft py-0.5 ps-1 pe-2.5 text-sm text-accent touch:min-h-11"
              >
                <Avatar size="xs" name={person.name} url={person.avatarUrl} />
                <bdi className="min-w-0 truncate">{person.name}</bdi>
                <X aria-hidden="true" className="size-4 shrink-0" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className="-mx-2 min-h-56">
        {people ? (
          people.length === 0 ? (
            <Nobody isSearch={q !== ''} />
          ) : (
            <ul aria-label={m.chats_people()} className="flex flex-col">
              {people.map((person) => (
                <li key={person.id}>
                  <PersonButton
                    person={person}
                    isChosen={chosen?.some(({ id }) => id === person.id)}
                    isDisabled={isBusy ?? false}
                    onClick={() => onPick(person)}
                  />
                </li>
              ))}
            </ul>
          )
        ) : found.error ? (
          <ErrorState error={found.error} onRetry={() => found.refetch()} className="py-6" />
        ) : (
          <div role="status" aria-label={m.ui_loading()} className="flex flex-col gap-2 px-2">
            <Skeleton className="h-12" />
            <Skeleton className="h-12" />
            <Skeleton className="h-12" />
          </div>
        )}
      </div>
    </div>
  )
}

const Nobody = ({ isSearch }: { isSearch: boolean }) => (
  <EmptyState
    icon={<UserRoundX />}
    title={isSearch ? m.chats_people_none_title() : m.chats_people_empty_title()}
    text={isSearch ? m.chats_people_none_text() : m.chats_people_empty_text()}
    action={<ButtonLink to="/people">{m.chats_to_people()}</ButtonLink>}
    className="py-6"
  />
)

type PersonProps = { person: Choice; isChosen: boolean | undefined; isDisabled: boolean; onClick: () => void }

function PersonButton({ person, isChosen, isDisabled, onClick }: PersonProps) {
  return (
    <button
      type="button"
      aria-pressed={isChosen}
      disabled={isDisabled}
      onClick={onClick}
      className="flex w-full items-center gap-3 rounded-md px-2 py-2 text-start hover:bg-raised focus-visible:-outline-offset-2"
    >
      <Avatar name={person.name} url={person.avatarUrl} />
      <Names name={<bdi className="block truncate font-medium">{person.name}</bdi>} username={person.username} />
      {isChosen !== undefined && (
        <span
          aria-hidden="true"
          className={cx(
            'grid size-5 shrink-0 place-items-center rounded-sm border',
            isChosen ? 'border-accent bg-accent text-accent-ink' : 'border-control',
          )}
        >
          {isChosen && <Check strokeWidth={3} className="size-3.5" />}
        </span>
      )}
    </button>
  )
}

/** The name of a person above their username. */
export const Names = ({ name, username }: { name: ReactNode; username: string }) => (
  <span className="min-w-0 flex-1">
    {name}
    <bdi className="block truncate text-sm text-ink-3">@{username}</bdi>
  </span>
)

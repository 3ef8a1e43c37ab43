import type { ChatHandle, Message } from '@muster/client'
import { SmilePlus } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { isEmoji } from '../../lib/emoji.ts'
import { errorSentence } from '../../lib/errors.ts'
import { isolated } from '../../lib/isolated.ts'
import { regionalLanguage } from '../../lib/regional-language.ts'
import { m } from '../../paraglide/messages.js'
import { Button, IconButton } from '../../ui/button.tsx'
import { cx } from '../../ui/cx.ts'
import { Field, TextInput } from '../../ui/field.tsx'
import { Popover } from '../../ui/popover.tsx'
import { toast } from '../../ui/toast.tsx'
import type { Person } from './use-chat.ts'

const offered = ['👍', '❤️', '😂', '🎉', '😮', '😢', '🙏', '👏', '✅', '👀', '🔥', '💯', '🤔', '😍', '👎', '🚀']

/** Adds or takes back the own reaction; a refusal is told. */
export async function toggleReaction(handle: ChatHandle, message: Message, emoji: string, me: string): Promise<void> {
  const isOwn = message.reactions.some((reaction) => reaction.emoji === emoji && reaction.userIds.includes(me))
  try {
    await (isOwn ? handle.unreact(message.id, emoji) : handle.react(message.id, emoji))
  } catch (error) {
    toast({ kind: 'error', title: errorSentence(error) })
  }
}

type ChipsProps = {
  message: Message
  me: string
  people: ReadonlyMap<string, Person>
  isDisabled: boolean
  onToggle: (message: Message, emoji: string) => void
}

/** The reactions to a message; a click adds or takes back the own one. */
export function ReactionChips({ message, me, people, isDisabled, onToggle }: ChipsProps) {
  if (message.reactions.length === 0) return null
  return (
    <ul className="flex flex-wrap gap-1">
      {message.reactions.map(({ emoji, count, userIds }) => {
        const isOwn = userIds.includes(me)
        const label = m.chats_reaction({ emoji, count, names: namesOf(userIds, count, me, people) })
        return (
          <li key={emoji}>
            <button
              type="button"
              aria-pressed={isOwn}
              aria-label={label}
              data-tooltip={label}
              disabled={isDisabled}
              onClick={() => onToggle(message, emoji)}
              className={cx(
                'inline-flex min-h-7 items-center gap-1 rounded-full border px-2 text-sm tabular-nums touch:min-h-9',
                isOwn
                  ? 'border-accent bg-accent-soft text-accent'
                  : 'border-line bg-surface text-ink-2 enabled:hover:bg-raised',
              )}
            >
              <span aria-hidden="true">{emoji}</span>
              {count}
            </button>
          </li>
        )
      })}
    </ul>
  )
}

const namedAtMost = 8

function namesOf(userIds: readonly string[], count: number, me: string, people: ReadonlyMap<string, Person>): string {
  const names = userIds
    .slice(0, namedAtMost)
    .map((id) => (id === me ? m.chats_you() : isolated(people.get(id)?.name ?? m.chats_somebody())))
  const others = count - names.length
  if (others > 0) names.push(m.chats_reaction_others({ count: others }))
  return new Intl.ListFormat(regionalLanguage()).format(names)
}

type PickerProps = { onPick: (emoji: string) => void; onOpenChange: (isOpen: boolean) => void }

/** A choice of emoji, and a field for any other one. */
export function ReactionPicker({ onPick, onOpenChange }: PickerProps) {
  const [isOpen, setIsOpen] = useState(false)
  const [text, setText] = useState('')
  const [isWrong, setIsWrong] = useState(false)
  const open = (next: boolean) => {
    setIsOpen(next)
    onOpenChange(next)
  }
  const pick = (emoji: string) => {
    open(false)
    setText('')
    onPick(emoji)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const emoji = text.trim()
    if (isEmoji(emoji)) pick(emoji)
    else setIsWrong(true)
  }
  return (
    <Popover
      label={m.chats_react()}
      open={isOpen}
      onOpenChange={open}
      side="top"
      align="end"
      trigger={<IconButton size="sm" label={m.chats_react()} icon={<SmilePlus aria-hidden="true" />} />}
    >
      <div className="flex w-72 max-w-full flex-col gap-3">
        <div className="grid grid-cols-8 gap-0.5">
          {offered.map((emoji) => (
            <button
              key={emoji}
              type="button"
              aria-label={m.chats_react_with({ emoji })}
              onClick={() => pick(emoji)}
              className="grid aspect-square place-items-center rounded-sm text-xl hover:bg-raised"
            >
              {emoji}
            </button>
          ))}
        </div>
        <form noValidate onSubmit={submit} className="flex items-end gap-2">
          <Field
            label={m.chats_other_emoji()}
            hint={m.chats_other_emoji_hint()}
            error={isWrong ? m.chats_not_emoji() : undefined}
            className="min-w-0 flex-1"
          >
            <TextInput
              value={text}
              maxLength={32}
              autoComplete="off"
              onChange={({ target }) => {
                setText(target.value)
                setIsWrong(false)
              }}
            />
          </Field>
          <Button type="submit" className="mb-[1.6rem]">
            {m.chats_add()}
          </Button>
        </form>
      </div>
    </Popover>
  )
}

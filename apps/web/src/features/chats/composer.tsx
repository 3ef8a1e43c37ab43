import type { Chat, ChatHandle, Message, User } from '@muster/client'
import { Paperclip, Pencil, Reply, SendHorizontal } from 'lucide-react'
import {
  type ClipboardEvent,
  type KeyboardEvent,
  type Ref,
  useEffect,
  useId,
  useImperativeHandle,
  useRef,
  useState,
} from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { isolated } from '../../lib/isolated.ts'
import { m } from '../../paraglide/messages.js'
import { IconButton } from '../../ui/button.tsx'
import { FileInput } from '../../ui/file-input.tsx'
import { Notice } from '../../ui/notice.tsx'
import { toast } from '../../ui/toast.tsx'
import { useUploadLimits } from '../attachments/upload-limits.ts'
import { ChosenFile } from './chosen-file.tsx'
import { ComposerContext } from './composer-context.tsx'
import { draftOf, keepDraft } from './drafts.ts'
import { isEditable } from './editable.ts'
import { MentionList } from './mention-list.tsx'
import { type Mention, mentionBefore, mentionedIn, offeredFor, withMention } from './mentions.ts'
import { chatName, previewOf } from './names.ts'
import type { Person } from './use-chat.ts'

export type ComposerHandle = {
  focus: () => void
  /** Adds files, e.g. ones that were dropped on the chat. */
  addFiles: (files: readonly File[]) => void
  /** Puts a text into the field, when it is empty. */
  fill: (text: string) => void
}

type Props = {
  ref: Ref<ComposerHandle>
  chat: Chat
  handle: ChatHandle
  user: User
  messages: readonly Message[]
  people: ReadonlyMap<string, Person>
  isOffline: boolean
  reply: Message | null
  onReply: (message: Message | null) => void
  editing: Message | null
  onEdit: (message: Message | null) => void
  onSent: () => void
  onEmptyChange: (isEmpty: boolean) => void
}

const maxLength = 4_000
/** From so many characters on the page says how many are left. */
const countedFrom = 3_800

/** On a screen keyboard Enter begins a new line, as everywhere there, and the button sends. */
const hasScreenKeyboard = () => matchMedia('(pointer: coarse)').matches

/** The field for messages. Enter sends, Escape ends a reply or an edit, arrow up edits the last own message. */
export function Composer(props: Props) {
  const {
    ref,
    chat,
    handle,
    user,
    messages,
    people,
    isOffline,
    reply,
    editing,
    onReply,
    onEdit,
    onSent,
    onEmptyChange,
  } = props
  const field = useRef<HTMLTextAreaElement>(null)
  const picker = useRef<HTMLInputElement>(null)
  const hintId = useId()
  const [text, setText] = useState(() => draftOf(user.id, chat.id)?.text ?? '')
  const [edited, setEdited] = useState('')
  const [files, setFiles] = useState<readonly File[]>([])
  const [isSaving, setIsSaving] = useState(false)
  const [error, setError] = useState<unknown>()
  const [mention, setMention] = useState<(Mention & { index: number }) | null>(null)
  const listId = useId()
  const limits = useUploadLimits('attachments')
  const { maxFiles, maxFileBytes } = limits ?? {
    maxFiles: Number.POSITIVE_INFINITY,
    maxFileBytes: Number.POSITIVE_INFINITY,
  }
  const value = editing ? edited : text
  const isTooLong = value.length > maxLength
  const offered = mention && chat.kind === 'group' ? offeredFor(mention, people, user.id) : []
  const isEmpty = value.trim() === '' && (editing ? editing.attachments.length === 0 : files.length === 0)

  const editingId = editing?.id
  useEffect(() => {
    setError(undefined)
    if (!editing) return
    setEdited(editing.body ?? '')
    field.current?.focus()
  }, [editingId])
  const replyId = reply?.id
  useEffect(() => {
    if (replyId !== undefined) field.current?.focus()
  }, [replyId])
  useEffect(() => keepDraft(user.id, chat.id, { text, replyToId: replyId }), [user.id, chat.id, text, replyId])
  const isFieldEmpty = text.trim() === '' && files.length === 0
  useEffect(() => onEmptyChange(isFieldEmpty), [onEmptyChange, isFieldEmpty])
  // Leaving the chat ends the typing.
  useEffect(() => () => handle.typing(false), [handle])

  function addFiles(added: readonly File[]): void {
    const fitting = added.filter(({ size }) => size <= maxFileBytes)
    for (const { name, size } of added)
      if (size > maxFileBytes) toast({ kind: 'error', title: m.chats_file_too_large({ name: isolated(name) }) })
    const next = [...files, ...fitting]
    if (next.length > maxFiles) toast({ kind: 'error', title: m.chats_too_many_files({ max: maxFiles }) })
    setFiles(next.slice(0, maxFiles))
    field.current?.focus()
  }
  useImperativeHandle(ref, () => ({
    focus: () => field.current?.focus(),
    addFiles,
    fill: (body) => {
      setText(body)
      field.current?.focus()
    },
  }))

  function change(next: string): void {
    const found = mentionBefore(next, field.current?.selectionStart ?? next.length)
    setMention(found && { ...found, index: 0 })
    if (editing) setEdited(next)
    else {
      setText(next)
      handle.typing(next.trim() !== '')
    }
  }

  function send(): void {
    const body = text.trim()
    const mentions = mentionedIn(body, people, user.id)
    handle.send({
      ...(body !== '' && { body }),
      ...(files.length > 0 && { files }),
      ...(mentions.length > 0 && { mentions }),
      ...(reply && { replyToId: reply.id }),
    })
    setText('')
    setFiles([])
    onReply(null)
    onSent()
  }

  async function save(message: Message): Promise<void> {
    const body = edited.trim()
    if (body === (message.body ?? '')) return onEdit(null)
    setIsSaving(true)
    setError(undefined)
    try {
      await handle.edit(message.id, body)
      onEdit(null)
    } catch (failure) {
      setError(failure)
    } finally {
      setIsSaving(false)
    }
  }

  function submit(): void {
    if (isEmpty || isTooLong || isSaving) return
    if (editing) void save(editing)
    else send()
    field.current?.focus()
  }

  function pick(person: Person): void {
    if (!mention) return
    const { text: next, cursor } = withMention(value, mention, person)
    if (editing) setEdited(next)
    else setText(next)
    setMention(null)
    field.current?.focus()
    requestAnimationFrame(() => field.current?.setSelectionRange(cursor, cursor))
  }

  /** Moves in the list of members, and chooses from it. @returns whether the key was meant for it */
  function pressInList({ key }: KeyboardEvent): boolean {
    const person = mention && offered[mention.index]
    if (!person) return false
    const step = { ArrowDown: 1, ArrowUp: -1 }[key]
    if (step !== undefined) setMention({ ...mention, index: (mention.index + step + offered.length) % offered.length })
    else if (key === 'Enter' || key === 'Tab') pick(person)
    else if (key === 'Escape') setMention(null)
    else return false
    return true
  }

  function press(event: KeyboardEvent): void {
    if (event.nativeEvent.isComposing) return
    if (!event.shiftKey && pressInList(event)) event.preventDefault()
    else if (
      event.key === 'Enter' &&
      !event.shiftKey &&
      !event.altKey &&
      (event.ctrlKey || event.metaKey || !hasScreenKeyboard())
    ) {
      event.preventDefault()
      submit()
    } else if (event.key === 'Escape' && (editing || reply)) {
      event.preventDefault()
      if (editing) onEdit(null)
      else onReply(null)
    } else if (event.key === 'ArrowUp' && !editing && text === '') {
      const last = messages.findLast((message) => message.body !== null && isEditable(message, user.id))
      if (!last) return
      event.preventDefault()
      onEdit(last)
    }
  }

  function paste(event: ClipboardEvent): void {
    const pasted = [...event.clipboardData.files]
    if (pasted.length === 0 || editing) return
    event.preventDefault()
    addFiles(pasted)
  }

  return (
    <form
      data-composer
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
      className="flex flex-col gap-2 border-t border-line bg-surface px-3 py-2.5 sm:px-4"
    >
      {isOffline && (
        <p role="status" className="text-sm text-warning">
          {m.chats_offline()}
        </p>
      )}
      {editing ? (
        <ComposerContext
          icon={<Pencil />}
          title={m.chats_editing()}
          text={previewOf(editing)}
          cancelLabel={m.chats_cancel_edit()}
          onCancel={() => onEdit(null)}
        />
      ) : (
        reply && (
          <ComposerContext
            icon={<Reply />}
            title={
              reply.sender.id === user.id
                ? m.chats_replying_to_self()
                : m.chats_replying_to({ name: isolated(reply.sender.name) })
            }
            text={previewOf(reply)}
            cancelLabel={m.chats_cancel_reply()}
            onCancel={() => onReply(null)}
          />
        )
      )}
      {error !== undefined && (
        <Notice tone="danger" isAlert>
          {errorSentence(error)}
        </Notice>
      )}
      {!editing && files.length > 0 && (
        <ul className="flex gap-2 overflow-x-auto py-1">
          {files.map((file, index) => (
            <ChosenFile
              key={`${index} ${file.name}`}
              file={file}
              onRemove={() => setFiles(files.filter((one) => one !== file))}
            />
          ))}
        </ul>
      )}
      <div className="relative flex items-end gap-2">
        {mention && offered.length > 0 && (
          <MentionList id={listId} people={offered} index={mention.index} onPick={pick} />
        )}
        {!editing && (
          <>
            <FileInput ref={picker} isMultiple accept={limits?.extensions.join()} onFiles={addFiles} />
            <IconButton
              size="md"
              label={m.chats_attach()}
              icon={<Paperclip aria-hidden="true" />}
              onClick={() => picker.current?.click()}
              className="mb-0.5"
            />
          </>
        )}
        <textarea
          ref={field}
          dir="auto"
          rows={1}
          aria-label={editing ? m.chats_editing() : m.chats_write_to({ name: isolated(chatName(chat, user.id)) })}
          aria-describedby={hintId}
          aria-invalid={isTooLong || undefined}
          placeholder={m.chats_placeholder()}
          value={value}
          onChange={({ target }) => change(target.value)}
          onKeyDown={press}
          onPaste={paste}
          onBlur={() => {
            handle.typing(false)
            setMention(null)
          }}
          {...(mention &&
            offered.length > 0 && {
              'aria-autocomplete': 'list',
              'aria-controls': listId,
              'aria-activedescendant': `${listId}-${mention.index}`,
            })}
          className="control max-h-[min(14rem,35dvh)] resize-none [field-sizing:content]"
        />
        <IconButton
          type="submit"
          variant="primary"
          label={editing ? m.chats_save() : m.chats_send()}
          icon={<SendHorizontal aria-hidden="true" className="rtl:-scale-x-100" />}
          isDisabled={isEmpty || isTooLong || isSaving}
          className="mb-0.5"
        />
      </div>
      <p id={hintId} className="sr-only">
        {m.chats_keys()}
      </p>
      {value.length > countedFrom && (
        <p role={isTooLong ? 'alert' : undefined} className={isTooLong ? 'text-sm text-danger' : 'text-sm text-ink-3'}>
          {isTooLong
            ? m.chats_too_long({ count: value.length, max: maxLength })
            : m.chats_chars_left({ count: maxLength - value.length })}
        </p>
      )}
    </form>
  )
}

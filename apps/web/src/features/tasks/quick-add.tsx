import type { Task } from '@muster/client'
import { CalendarClock, Plus, X } from 'lucide-react'
import { type FormEvent, useRef, useState } from 'react'
import { errorSentence, isUnexpected } from '../../lib/errors.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import { alsoOnDemand } from '../../ui/on-demand.ts'
import { RequestId } from '../../ui/request-id.tsx'
import { dueText } from './due-text.tsx'
import { createTask } from './mutations.ts'
import type { NaturalDue } from './natural-due.ts'

/** The names of days and months are much of what the first page of a signed-in user would load otherwise. */
const loadParser = alsoOnDemand(() => import('./natural-due.ts'))

const maxTitle = 200

type QuickAddProps = {
  timeZone: string
  /** Lets a task without a date in its words be due today. */
  isForToday?: boolean
  onAdded?: (task: Task) => void
}

/** A line that makes a task; its due date, most often from its words, is shown before it is saved, and can be refused. */
export function QuickAdd({ timeZone, isForToday = false, onAdded }: QuickAddProps) {
  const [text, setText] = useState('')
  const [found, setFound] = useState<NaturalDue | null>(null)
  const [refused, setRefused] = useState<string>()
  const [error, setError] = useState<unknown>()
  const [isPending, setIsPending] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const accepted = (one: NaturalDue | null) => (one && one.words !== refused && one.title !== '' ? one : null)
  const due = accepted(found)

  async function read(words: string): Promise<NaturalDue | null> {
    const { parseDue, dueToday } = await loadParser()
    const context = { now: new Date(), timeZone }
    return parseDue(words, context) ?? (isForToday ? dueToday(words.trim(), context) : null)
  }

  async function write(next: string) {
    setText(next)
    const nextFound = await read(next).catch(() => null)
    if (input.current?.value === next) setFound(nextFound)
  }

  async function add(event: FormEvent) {
    event.preventDefault()
    if (text.trim() === '' || isPending) return
    setIsPending(true)
    setError(undefined)
    try {
      const chosen = accepted(await read(text))
      const title = (chosen?.title ?? text).trim()
      const task = await createTask({ title, ...(chosen && { dueDate: chosen.due.toISOString() }) })
      onAdded?.(task)
      setText('')
      setFound(null)
      setRefused(undefined)
    } catch (reason) {
      setError(reason)
    } finally {
      setIsPending(false)
      input.current?.focus()
    }
  }

  return (
    <form onSubmit={add} aria-label={m.tasks_add()} className="flex flex-col gap-2">
      <div className="control flex min-h-12 flex-wrap items-center gap-2 py-1 ps-3 pe-1">
        <Plus aria-hidden="true" className="size-5 shrink-0 text-ink-3" />
        <input
          ref={input}
          dir="auto"
          value={text}
          maxLength={maxTitle + 60}
          onChange={({ target }) => void write(target.value)}
          aria-label={m.tasks_new_title()}
          placeholder={m.tasks_add_placeholder()}
          enterKeyHint="done"
          data-quick-add
          className="min-h-9 min-w-0 flex-1 basis-40 bg-transparent outline-none placeholder:text-ink-3"
        />
        <span role="status" className="contents">
          {due && (
            <span className="inline-flex min-h-8 items-center gap-1.5 rounded-full bg-accent-soft ps-2.5 text-sm font-medium text-accent">
              <CalendarClock aria-hidden="true" className="size-4" />
              {dueText(due.due, timeZone)}
              <button
                type="button"
                aria-label={due.words === '' ? m.tasks_due_none() : m.tasks_due_refuse()}
                onClick={() => {
                  setRefused(due.words)
                  input.current?.focus()
                }}
                className="grid size-8 place-items-center rounded-full hover:bg-raised"
              >
                <X aria-hidden="true" className="size-3.5" />
              </button>
            </span>
          )}
        </span>
        <Button type="submit" variant="primary" size="sm" isPending={isPending} isDisabled={text.trim() === ''}>
          {m.tasks_add_button()}
        </Button>
      </div>
      {error !== undefined && (
        <Notice tone="danger" isAlert>
          {errorSentence(error)}
          {isUnexpected(error) && <RequestId error={error} />}
        </Notice>
      )}
    </form>
  )
}

import { useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { errorSentence, isUnexpected } from '../../lib/errors.ts'
import { formatNumber } from '../../lib/numbers.ts'
import { operator } from '../../lib/operator.ts'
import { queryClient } from '../../lib/query.ts'
import { renewRoleAfter } from '../../lib/session.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Progress } from '../../ui/progress.tsx'
import { RequestId } from '../../ui/request-id.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { NoteField, noteLength } from '../admin/note-field.tsx'
import { type FailedJobFilter, givenOf } from './queries.ts'
import { type QueueName, retryEffectOf } from './queue-names.ts'

export type BulkAction = { verb: 'retry' | 'discard'; filter: FailedJobFilter }

type Props = BulkAction & {
  queue: QueueName
  /** Why jobs that are retried do not run at once. */
  hindrance: string | undefined
  onClose: () => void
}

/** How many jobs one call changes; between two calls it can be stopped. */
const jobsPerCall = 1_000

type Work = {
  phase: 'asking' | 'running' | 'done'
  done: number
  skipped: number
  cursor: string | null
  error?: unknown
}
const untouched: Work = { phase: 'asking', done: 0, skipped: 0, cursor: null }

/** Retries or discards the failed jobs of a reason, part by part: says first how many they are, shows how far it is, and can be stopped. */
export function BulkDialog({ queue, verb, filter, hindrance, onClose }: Props) {
  const send = verb === 'retry' ? operator.admin.retryFailedJobs : operator.admin.discardFailedJobs
  const dryRun = useQuery({
    queryKey: ['admin-queues', 'dry-run', queue, verb, filter],
    queryFn: ({ signal }) => send(queue, { ...givenOf(filter), dryRun: true }, { signal }),
    staleTime: 0,
    gcTime: 0,
  })
  const [note, setNote] = useState('')
  const [isShort, setIsShort] = useState(false)
  const [work, setWork] = useState(untouched)
  const field = useRef<HTMLTextAreaElement>(null)
  const isStopped = useRef(false)
  const total = dryRun.data?.remaining

  const run = async () => {
    if (note.trim().length < noteLength.min) {
      setIsShort(true)
      field.current?.focus()
      return
    }
    isStopped.current = false
    let { done, skipped, cursor } = work
    setWork({ phase: 'running', done, skipped, cursor })
    try {
      do {
        const body = { ...givenOf(filter), note: note.trim(), limit: jobsPerCall, ...(cursor && { cursor }) }
        const part = await send(queue, body)
        done += part.done
        skipped += part.skipped
        cursor = part.nextCursor
        setWork({ phase: cursor === null ? 'done' : 'running', done, skipped, cursor })
      } while (cursor !== null && !isStopped.current)
      if (cursor !== null) setWork({ phase: 'asking', done, skipped, cursor })
    } catch (error) {
      renewRoleAfter(error)
      setWork({ phase: 'asking', done, skipped, cursor, error })
    }
    await queryClient.invalidateQueries({ queryKey: ['admin-queues'] })
    void queryClient.invalidateQueries({ queryKey: ['admin', 'status'] })
  }
  const close = () => {
    isStopped.current = true
    onClose()
  }
  const { phase, done, skipped, error } = work
  const isRetry = verb === 'retry'
  const doneText = isRetry
    ? (hindrance === undefined ? m.ops_queues_retried : m.ops_queues_waits_again)({
        count: done,
        shown: formatNumber(done),
      })
    : m.ops_queues_discarded({ count: done, shown: formatNumber(done) })
  return (
    <Dialog
      open
      title={isRetry ? m.ops_queues_retry_title() : m.ops_queues_discard_title()}
      description={isRetry ? retryEffectOf(queue) : m.ops_queues_discard_effect()}
      onOpenChange={(isOpen) => !isOpen && close()}
      initialFocus={field}
      footer={
        phase === 'done' ? (
          <Button variant="primary" onClick={close}>
            {m.ui_done()}
          </Button>
        ) : phase === 'running' ? (
          <Button
            onClick={() => {
              isStopped.current = true
            }}
          >
            {m.ops_queues_stop()}
          </Button>
        ) : (
          <>
            <Button onClick={close}>{m.ui_cancel()}</Button>
            <Button
              variant={isRetry ? 'primary' : 'danger'}
              isDisabled={total === undefined || total === 0}
              onClick={() => void run()}
            >
              {done + skipped > 0
                ? m.ops_queues_go_on()
                : isRetry
                  ? m.ops_queues_retry_count({ count: total ?? 0, shown: formatNumber(total ?? 0) })
                  : m.ops_queues_discard_count({ count: total ?? 0, shown: formatNumber(total ?? 0) })}
            </Button>
          </>
        )
      }
    >
      <div className="flex flex-col gap-4">
        <div role="status">
          {dryRun.error ? null : total === undefined ? (
            <Skeleton className="h-6 w-48" />
          ) : phase === 'asking' && done + skipped === 0 ? (
            <p className="font-medium">{m.ops_queues_concerned({ count: total, shown: formatNumber(total) })}</p>
          ) : (
            <p className="font-medium">{doneText}</p>
          )}
          {isRetry && phase === 'done' && done > 0 && (
            <p className="mt-1 text-[0.9375rem] text-ink-2">{m.ops_queues_retry_followed()}</p>
          )}
          {filter.reason === undefined && filter.jobName === undefined && (
            <p className="mt-1 text-[0.9375rem] text-ink-2">{m.ops_queues_without_scheduled()}</p>
          )}
          {filter.reason !== undefined && (
            <p className="mt-1 text-[0.9375rem] text-ink-2">
              {m.ops_queues_reason()}: <bdi className="break-words">{filter.reason || m.ops_queues_no_reason()}</bdi>
            </p>
          )}
        </div>
        {(phase !== 'asking' || done + skipped > 0) && total !== undefined && (
          <Progress
            label={isRetry ? m.ops_queues_retry_title() : m.ops_queues_discard_title()}
            value={phase === 'done' ? 1 : Math.min(1, (done + skipped) / Math.max(total, 1))}
          />
        )}
        {isRetry && hindrance !== undefined && <Notice tone="warning">{hindrance}</Notice>}
        {skipped > 0 && (
          <Notice tone="warning">{m.ops_queues_skipped({ count: skipped, shown: formatNumber(skipped) })}</Notice>
        )}
        {(error ?? dryRun.error) != null && (
          <Notice tone="danger" isAlert>
            {errorSentence(error ?? dryRun.error)}
            {isUnexpected(error ?? dryRun.error) && <RequestId error={error ?? dryRun.error} />}
          </Notice>
        )}
        {phase === 'asking' && (
          <NoteField
            ref={field}
            note={note}
            onNote={setNote}
            isMissing={isShort && note.trim().length < noteLength.min}
          />
        )}
      </div>
    </Dialog>
  )
}

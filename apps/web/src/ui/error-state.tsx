import { MusterError } from '@muster/client'
import { CloudOff, RotateCw, SearchX, ServerCrash, ShieldX } from 'lucide-react'
import { type ReactNode, useEffect } from 'react'
import { errorSentence, isNotFound, isUnexpected } from '../lib/errors.ts'
import { MissingPartError } from '../lib/stale-chunk.ts'
import { m } from '../paraglide/messages.js'
import { Button } from './button.tsx'
import { cx } from './cx.ts'
import { RequestId } from './request-id.tsx'
import { clockOf, useCountdown } from './use-countdown.ts'

export type ErrorStateProps = {
  error: unknown
  onRetry?: (() => unknown) | undefined
  /** Another next step, such as a way back. */
  action?: ReactNode
  /** The heading is that of the whole page. */
  isPage?: boolean
  className?: string | undefined
}

function looksOf(error: unknown): { Icon: typeof CloudOff; title: string } {
  const code = error instanceof MusterError ? error.code : undefined
  if (code === 'NETWORK' || code === 'TIMEOUT') return { Icon: CloudOff, title: m.ui_error_offline() }
  if (isNotFound(error)) return { Icon: SearchX, title: m.ui_error_not_found() }
  if (error instanceof MusterError && error.status === 403) return { Icon: ShieldX, title: m.ui_error_forbidden() }
  if (error instanceof MusterError && (error.status === 429 || error.status === 503))
    return { Icon: ServerCrash, title: m.ui_error_busy() }
  return { Icon: ServerCrash, title: m.ui_error_title() }
}

/** What could not be shown, why, and how to go on. It counts down where the server asks to wait. */
export function ErrorState({ error, onRetry: retry, action, isPage = false, className }: ErrorStateProps) {
  const onRetry = error instanceof MissingPartError ? () => location.reload() : retry
  const Heading = isPage ? 'h1' : 'h2'
  const { secondsLeft, start } = useCountdown()
  const retryAfter = error instanceof MusterError ? error.retryAfter : undefined
  useEffect(() => {
    if (retryAfter !== undefined) start(retryAfter)
  }, [error])
  const { Icon, title } = looksOf(error)
  return (
    <div role="alert" className={cx('mx-auto flex max-w-md flex-col items-center px-6 py-14 text-center', className)}>
      <span
        aria-hidden="true"
        className="mb-5 grid size-16 place-items-center rounded-2xl bg-danger-soft text-danger [&_svg]:size-7 [&_svg]:stroke-[1.6]"
      >
        <Icon />
      </span>
      <Heading className="text-xl">{title}</Heading>
      <p className="mt-2 text-ink-2">{errorSentence(error)}</p>
      {isUnexpected(error) && <RequestId error={error} />}
      {(onRetry || action) && (
        <div className="mt-6 flex flex-wrap justify-center gap-2.5">
          {onRetry && (
            <Button
              icon={<RotateCw aria-hidden="true" />}
              isDisabled={secondsLeft > 0}
              onClick={() => void onRetry()}
              className="tabular-nums"
            >
              {secondsLeft > 0 ? m.ui_again_in({ time: clockOf(secondsLeft) }) : m.ui_retry()}
            </Button>
          )}
          {action}
        </div>
      )}
    </div>
  )
}

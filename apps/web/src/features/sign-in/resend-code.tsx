import { MusterError } from '@muster/client'
import { useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { clockOf, useCountdown, useSecondsUntil } from '../../ui/use-countdown.ts'
import { useAuthConfig } from './auth-config.ts'

type Props = {
  /** When the last mail was sent, in milliseconds of the clock. */
  mailedAtMs: number
  onResend: () => Promise<void>
  /** Called when there is nothing any more that a code could complete. */
  onEnded?: (() => void) | undefined
  /** The label of the button; by default it names another code. */
  label?: string | undefined
}

/** Asks for another mail, as soon as the server sends one. */
export function ResendCode({ mailedAtMs, onResend, onEnded, label }: Props) {
  const config = useAuthConfig()
  const cooldownMs = (config.data?.code.resendSeconds ?? 60) * 1_000
  const untilNext = useSecondsUntil(mailedAtMs + cooldownMs)
  const refused = useCountdown()
  const [state, setState] = useState<{ isPending: boolean; sentence: string | null }>({
    isPending: false,
    sentence: null,
  })
  const secondsLeft = Math.max(untilNext, refused.secondsLeft)

  async function resend() {
    setState({ isPending: true, sentence: null })
    try {
      await onResend()
      setState({ isPending: false, sentence: m.sign_in_resent() })
    } catch (error) {
      if (error instanceof MusterError && error.code === 'CHALLENGE_INVALID' && onEnded) return onEnded()
      if (error instanceof MusterError && error.retryAfter !== undefined) refused.start(error.retryAfter)
      setState({ isPending: false, sentence: errorSentence(error) })
    }
  }

  return (
    <div className="flex flex-col items-center gap-1 text-center">
      <Button
        variant="ghost"
        isPending={state.isPending}
        isDisabled={secondsLeft > 0}
        onClick={resend}
        className="tabular-nums"
      >
        {secondsLeft > 0 ? m.sign_in_resend_in({ time: clockOf(secondsLeft) }) : (label ?? m.sign_in_resend())}
      </Button>
      <p role="status" className="text-sm text-ink-2">
        {state.sentence}
      </p>
    </div>
  )
}

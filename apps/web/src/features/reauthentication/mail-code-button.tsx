import { MusterError } from '@muster/client'
import { useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { clockOf, useCountdown } from '../../ui/use-countdown.ts'
import { useAuthConfig } from '../sign-in/auth-config.ts'

/** Mails a code by which the user confirms who they are, and counts down to the next one. */
export function MailCodeButton() {
  const resendSeconds = useAuthConfig().data?.code.resendSeconds ?? 60
  const countdown = useCountdown()
  const [state, setState] = useState<{ isPending: boolean; sentence: string }>({ isPending: false, sentence: '' })
  async function send() {
    setState({ isPending: true, sentence: '' })
    try {
      await muster.auth.sendConfirmationCode()
      countdown.start(resendSeconds)
      setState({ isPending: false, sentence: m.sign_in_resent() })
    } catch (error) {
      if (error instanceof MusterError && error.retryAfter !== undefined) countdown.start(error.retryAfter)
      setState({ isPending: false, sentence: errorSentence(error) })
    }
  }
  return (
    <span className="flex items-center gap-2">
      <span role="status" className="text-sm text-ink-3">
        {state.sentence}
      </span>
      <Button size="sm" isPending={state.isPending} isDisabled={countdown.secondsLeft > 0} onClick={send}>
        {countdown.secondsLeft > 0 ? clockOf(countdown.secondsLeft) : m.two_factor_mail_code()}
      </Button>
    </span>
  )
}

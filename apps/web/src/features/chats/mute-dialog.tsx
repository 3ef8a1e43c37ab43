import type { Chat } from '@muster/client'
import { useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Notice } from '../../ui/notice.tsx'
import { RadioGroup } from '../../ui/radio-group.tsx'

const hourMs = 3_600_000
const durations = {
  hour: { label: m.chats_mute_hour, ms: hourMs },
  day: { label: m.chats_mute_day, ms: 24 * hourMs },
  week: { label: m.chats_mute_week, ms: 7 * 24 * hourMs },
  always: { label: m.chats_mute_always, ms: null },
}
type Duration = keyof typeof durations

/** Mutes a chat for a time. */
export default function MuteDialog({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const [duration, setDuration] = useState<Duration>('day')
  const [mutesMentions, setMutesMentions] = useState(false)
  const [isPending, setIsPending] = useState(false)
  const [error, setError] = useState<unknown>()
  async function mute(): Promise<void> {
    const { ms } = durations[duration]
    setIsPending(true)
    try {
      const until = ms === null ? null : new Date(Date.now() + ms).toISOString()
      await muster.chats.mute(chat.id, { until, mutesMentions })
      onClose()
    } catch (failure) {
      setError(failure)
      setIsPending(false)
    }
  }
  return (
    <Dialog
      open
      size="sm"
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={m.chats_mute_title()}
      description={m.chats_mute_text()}
      footer={
        <>
          <Button onClick={onClose}>{m.ui_cancel()}</Button>
          <Button variant="primary" isPending={isPending} onClick={() => void mute()}>
            {m.chats_mute()}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <RadioGroup
          label={m.chats_mute_for()}
          value={duration}
          onChange={setDuration}
          options={Object.entries(durations).map(([value, { label }]) => ({
            value: value as Duration,
            label: label(),
          }))}
        />
        <Checkbox
          label={m.chats_mute_mentions()}
          checked={mutesMentions}
          onChange={({ target }) => setMutesMentions(target.checked)}
        />
        {error !== undefined && (
          <Notice tone="danger" isAlert>
            {errorSentence(error)}
          </Notice>
        )}
      </div>
    </Dialog>
  )
}

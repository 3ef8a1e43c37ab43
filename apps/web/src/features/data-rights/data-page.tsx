import { MusterError, type User } from '@muster/client'
import { Download } from 'lucide-react'
import { useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Notice } from '../../ui/notice.tsx'
import { clockOf, useCountdown } from '../../ui/use-countdown.ts'
import { ConfirmPersonDialog, confirmationOf } from '../reauthentication/confirm-person-dialog.tsx'

/** Gives somebody all data of their account, and deletes the account. */
export function DataPage({ user }: { user: User }) {
  return (
    <>
      <ExportCard />
      <DeletionCard user={user} />
    </>
  )
}

function save(data: unknown): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(data, null, 2)], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = 'muster-export.json'
  link.click()
  URL.revokeObjectURL(url)
}

function ExportCard() {
  const countdown = useCountdown()
  const [isPending, setIsPending] = useState(false)
  const [error, setError] = useState<unknown>(null)
  async function load() {
    setIsPending(true)
    setError(null)
    try {
      save(await muster.users.exportMe())
    } catch (failure) {
      if (failure instanceof MusterError && failure.retryAfter !== undefined) countdown.start(failure.retryAfter)
      setError(failure)
    }
    setIsPending(false)
  }
  const { secondsLeft } = countdown
  return (
    <Card title={m.data_rights_export()} description={m.data_rights_export_text()}>
      {error !== null && (
        <Notice tone="danger" isAlert className="mb-4">
          {errorSentence(error)}
        </Notice>
      )}
      <Button
        icon={<Download aria-hidden="true" />}
        isPending={isPending}
        isDisabled={secondsLeft > 0}
        onClick={load}
        className="tabular-nums"
      >
        {secondsLeft > 0 ? m.ui_again_in({ time: clockOf(secondsLeft) }) : m.data_rights_export_submit()}
      </Button>
    </Card>
  )
}

function DeletionCard({ user }: { user: User }) {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <Card title={m.data_rights_delete()}>
      <ul className="mb-5 flex list-disc flex-col gap-1.5 ps-5 text-ink-2 marker:text-ink-3">
        <li>{m.data_rights_delete_sessions()}</li>
        <li>{m.data_rights_delete_days()}</li>
        <li>{m.data_rights_delete_alone()}</li>
        <li>{m.data_rights_delete_shared()}</li>
        <li>{m.data_rights_delete_last_admin()}</li>
      </ul>
      <Button variant="danger" onClick={() => setIsOpen(true)}>
        {m.data_rights_delete_open()}
      </Button>
      <ConfirmPersonDialog
        user={user}
        isDanger
        title={m.data_rights_delete_title()}
        description={m.data_rights_delete_text()}
        submitLabel={m.data_rights_delete_submit()}
        open={isOpen}
        onOpenChange={setIsOpen}
        onConfirm={(proof) => muster.users.deleteMe(confirmationOf(proof))}
      />
    </Card>
  )
}

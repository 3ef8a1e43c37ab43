import type { Notification } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { CircleHelp } from 'lucide-react'
import { muster } from '../../lib/muster.ts'
import { m } from '../../paraglide/messages.js'
import { IconButton } from '../../ui/button.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Popover } from '../../ui/popover.tsx'
import { SkeletonText } from '../../ui/skeleton.tsx'
import { causeLabels } from './labels.ts'

/** The button that tells why a notification came. */
export function ReasonPopover({ notification: { id, title } }: { notification: Notification }) {
  const label = m.notifications_why({ title })
  return (
    <Popover
      label={label}
      align="end"
      className="w-80"
      trigger={<IconButton label={label} hasTooltip={false} icon={<CircleHelp aria-hidden="true" />} />}
    >
      <Reason id={id} />
    </Popover>
  )
}

function Reason({ id }: { id: string }) {
  const reason = useQuery({
    queryKey: ['notifications', 'reason', id],
    queryFn: ({ signal }) => muster.notifications.reason(id, { signal }),
  })
  if (reason.isPending) return <SkeletonText lines={2} />
  if (reason.isError) return <ErrorState error={reason.error} onRetry={() => reason.refetch()} className="py-2" />
  const { cause, actor, preference } = reason.data
  return (
    <div className="flex flex-col gap-1.5 text-[0.9375rem]">
      <p>{causeLabels[cause]()}</p>
      {actor && <bdi className="font-medium break-words">{actor.name}</bdi>}
      <p className="text-ink-2">{preference.email ? m.notifications_email_on() : m.notifications_email_off()}</p>
    </div>
  )
}

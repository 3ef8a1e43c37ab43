import type { AdminUser, UserSessions } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { operator } from '../../lib/operator.ts'
import { queryClient } from '../../lib/query.ts'
import { m } from '../../paraglide/messages.js'
import { ErrorState } from '../../ui/error-state.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { toast } from '../../ui/toast.tsx'
import { ReasonDialog } from '../admin/reason-dialog.tsx'
import { consequencesQuery } from './queries.ts'

type Props = { user: AdminUser; session: UserSessions['open'][number]; onClose: () => void }

/** Tells what ending one session does, asks for the reason, and ends it. */
export function EndSessionDialog({ user, session, onClose }: Props) {
  // The permission and the refusals are those of ending all sessions.
  const { data, error, refetch } = useQuery(consequencesQuery(user.id, { action: 'revokeSessions' }))
  const device = session.device.label
  return (
    <ReasonDialog
      title={m.ops_people_end_session_title({ name: user.name, device })}
      submitLabel={m.ops_people_end_session()}
      isRefused={data ? data.refusal !== null : true}
      onClose={onClose}
      onSubmit={async (note) => {
        try {
          await operator.admin.endSession(user.id, session.id, { note })
          toast({ kind: 'success', title: m.ops_people_session_ended_now({ name: user.name, device }) })
        } finally {
          await queryClient.invalidateQueries({ queryKey: ['admin-users'] })
        }
      }}
    >
      {!data && error ? (
        <ErrorState error={error} onRetry={refetch} className="py-2" />
      ) : !data ? (
        <Skeleton className="h-24" />
      ) : data.refusal ? (
        <Notice tone="warning" title={m.ops_people_refused()}>
          {m.ops_people_refused_role()}
        </Notice>
      ) : (
        <>
          <p>{m.ops_people_effect_one_session()}</p>
          <p className="text-sm text-ink-3">
            {m.ops_people_cannot_undo()} {m.ops_people_password_stays()}
          </p>
        </>
      )}
    </ReasonDialog>
  )
}

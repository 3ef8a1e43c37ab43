import { m } from '../../paraglide/messages.js'
import { Card } from '../../ui/card.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { Switch } from '../../ui/switch.tsx'
import { usePreferences } from './preferences.ts'

/** Lets somebody hide when they are online and how far they have read. */
export function VisibilityCard() {
  const { data, error, refetch, change } = usePreferences()
  return (
    <Card title={m.privacy_visibility()}>
      {data ? (
        <div className="flex flex-col gap-4">
          <Switch
            label={m.privacy_presence()}
            hint={m.privacy_presence_hint()}
            checked={data.presence}
            onChange={({ target }) => change({ presence: target.checked })}
          />
          <Switch
            label={m.privacy_receipts()}
            hint={m.privacy_receipts_hint()}
            checked={data.receipts}
            onChange={({ target }) => change({ receipts: target.checked })}
          />
        </div>
      ) : error ? (
        <ErrorState error={error} onRetry={refetch} />
      ) : (
        <Skeleton className="h-28" />
      )}
    </Card>
  )
}

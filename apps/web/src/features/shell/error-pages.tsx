import { type ErrorComponentProps, useRouter } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { m } from '../../paraglide/messages.js'
import { ButtonLink } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorState } from '../../ui/error-state.tsx'

/** The page of an address that no route has. */
export function NotFoundPage() {
  return (
    <div className="grid min-h-[70dvh] place-items-center">
      <title>{`${m.shell_not_found_title()} · Muster`}</title>
      <EmptyState
        isPage
        icon={<Compass />}
        title={m.shell_not_found_title()}
        text={m.shell_not_found_text()}
        action={
          <ButtonLink to="/" variant="primary">
            {m.shell_to_start()}
          </ButtonLink>
        }
      />
    </div>
  )
}

/** The page of a route that failed: what happened, the request's id, and another attempt. */
export function ErrorPage({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  const retry = async () => {
    reset()
    await router.invalidate()
  }
  return (
    <div className="grid min-h-[70dvh] place-items-center">
      <ErrorState
        isPage
        error={error}
        onRetry={retry}
        action={
          <ButtonLink to="/" variant="ghost">
            {m.shell_to_start()}
          </ButtonLink>
        }
      />
    </div>
  )
}

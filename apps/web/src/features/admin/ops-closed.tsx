import { ShieldX } from 'lucide-react'
import { m } from '../../paraglide/messages.js'
import { ButtonLink } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'

/** What a user sees instead of the pages for operators when their role does not open them, also when it changed meanwhile. */
export function OpsClosed() {
  return (
    <div role="alert" className="grid min-h-[70dvh] place-items-center">
      <title>{`${m.ops_shell_closed_title()} · Muster`}</title>
      <EmptyState
        isPage
        icon={<ShieldX />}
        title={m.ops_shell_closed_title()}
        text={m.ops_shell_closed_text()}
        action={
          <ButtonLink to="/" variant="primary">
            {m.shell_to_start()}
          </ButtonLink>
        }
      />
    </div>
  )
}

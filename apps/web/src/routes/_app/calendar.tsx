import { createFileRoute } from '@tanstack/react-router'
import { CalendarPage, type CalendarSearch } from '../../features/tasks/calendar-page.tsx'
import { useUser } from '../../lib/session.ts'
import { z } from '../../lib/zod.ts'

const search = z.object({
  view: z.catch(z.optional(z.enum(['month', 'week'])), undefined),
  day: z.catch(z.optional(z.iso.date()), undefined),
})

export const Route = createFileRoute('/_app/calendar')({
  validateSearch: (given): CalendarSearch => search.parse(given),
  component: Calendar,
})

function Calendar() {
  const navigate = Route.useNavigate()
  return (
    <CalendarPage
      search={Route.useSearch()}
      user={useUser()}
      onSearch={(next) => void navigate({ search: next, resetScroll: false })}
    />
  )
}

import { createFileRoute } from '@tanstack/react-router'
import { CalendarPage, type CalendarSearch } from '../../features/tasks/calendar-page.tsx'
import { useUser } from '../../lib/session.ts'
import { maybe, z } from '../../lib/zod.ts'

const search = z.object({
  view: maybe(z.enum(['month', 'week'])),
  day: maybe(z.iso.date()),
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

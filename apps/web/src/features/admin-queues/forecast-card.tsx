import type { QueueForecast } from '@muster/client'
import { dayOf, formatInstant, formatTime } from '../../lib/dates.ts'
import { formatNumber } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'
import { Card } from '../../ui/card.tsx'

type Props = {
  forecast: QueueForecast
  timeZone: string
  /** Whether nothing waits now. The forecast may be older. */
  isEmpty: boolean
}

/** The time of day, with the day when it is not today. */
function momentOf(instant: string, timeZone: string): string {
  const isToday = dayOf(instant, timeZone) === dayOf(new Date(), timeZone)
  return isToday
    ? formatTime(instant, timeZone)
    : formatInstant(instant, { timeZone, day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' })
}

/** Says that the forecast is missing because the rates have just changed. */
export function MeasuringCard({ since, timeZone }: { since: string; timeZone: string }) {
  return (
    <Card title={m.ops_queues_forecast()}>
      <p className="text-lg font-medium">{m.ops_queues_measuring({ time: momentOf(since, timeZone) })}</p>
      <p className="mt-1 text-ink-2">{m.ops_queues_measuring_text()}</p>
    </Card>
  )
}

/** When the queue will be empty, and with how many more workers it would be sooner. */
export function ForecastCard({ forecast, timeZone, isEmpty }: Props) {
  const { clearsAt, options, addedPerMinute, completedPerMinute, measuredMinutes, workers } = forecast
  const backlog = isEmpty ? 0 : forecast.backlog
  const rates = m.ops_queues_rates({
    added: formatNumber(addedPerMinute),
    completed: formatNumber(completedPerMinute),
    minutes: measuredMinutes,
  })
  return (
    <Card title={m.ops_queues_forecast()} description={rates}>
      <p className="text-lg font-medium">
        {backlog === 0
          ? m.ops_queues_clear_now()
          : clearsAt
            ? m.ops_queues_clears_at({ time: momentOf(clearsAt, timeZone) })
            : m.ops_queues_never_clears()}
      </p>
      {workers !== null && <p className="mt-1 text-ink-2">{m.ops_queues_workers({ count: workers })}</p>}
      {backlog > 0 && options.length > 0 && (
        <ul className="mt-3 flex flex-col gap-1 text-ink-2">
          {options.map(({ moreWorkers, clearsAt: at }) => (
            <li key={moreWorkers}>
              {at
                ? m.ops_queues_more_workers({ count: moreWorkers, time: momentOf(at, timeZone) })
                : m.ops_queues_more_workers_never({ count: moreWorkers })}
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

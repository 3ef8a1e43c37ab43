import { choice, When, Written } from './slot.tsx'
import { color, priorityColor } from './style.ts'

/** A task's priority, as text and colour, and its category. */
export function TaskFacts() {
  return (
    <When has="priority">
      <span
        className={choice('priority', { high: 'high', medium: 'medium', low: 'low' })}
        style={{ color: choice('priority', priorityColor) }}
      >
        ●{'\u00a0'}
        {choice('priority', { high: 'High', medium: 'Medium', low: 'Low' })} priority
      </span>
      <When has="category">
        <span className="muted" style={{ color: color.muted }}>
          {' '}
          · <Written slot="category" />
        </span>
      </When>
    </When>
  )
}

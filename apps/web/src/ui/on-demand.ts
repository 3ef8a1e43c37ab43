import { type ComponentType, startTransition, useState, useSyncExternalStore } from 'react'

/** Parts of the kit that a page loads when somebody first needs them. */
const loads: (() => Promise<unknown>)[] = []

/** A component that is loaded when it is first needed. */
export type OnDemand<Props> = {
  /**
   * Returns the component, or null as long as this place has not asked for it; and the function that asks. Places that are rendered later have it
   * at once; those that are there keep their elements, and so the focus, until they ask themselves.
   */
  use(): [View: ComponentType<Props> | null, load: () => Promise<void>]
}

/** Loads a component when it is first needed: popups with their positions are a third of what the pages of a signed-in user load otherwise. */
export function onDemand<Props>(load: () => Promise<{ default: ComponentType<Props> }>): OnDemand<Props> {
  let loaded: ComponentType<Props> | null = null
  const ready = async () => {
    loaded ??= (await load()).default
    return loaded
  }
  loads.push(ready)
  return {
    use() {
      const [View, setView] = useState(() => loaded)
      return [
        View,
        async () => {
          const view = await ready()
          // In short steps, between which the page answers.
          startTransition(() => setView(() => view))
        },
      ]
    },
  }
}

/** Loads something together with the parts of the kit, at the first move of a person. */
export const alsoOnDemand = <T>(load: () => Promise<T>): (() => Promise<T>) => {
  loads.push(load)
  return load
}

let hasMoved = false
const waiting = new Set<() => void>()
const subscribe = (listener: () => void) => {
  waiting.add(listener)
  return () => void waiting.delete(listener)
}

/** Returns whether a person has moved since the page was loaded: what only a popup shows need not be read before. */
export const useHasMoved = (): boolean => useSyncExternalStore(subscribe, () => hasMoved)

// Assistive technology may click without a pointer.
const moves = ['pointermove', 'pointerdown', 'keydown', 'click'] as const

function loadAll(): void {
  // A place that needs a part which failed loads it again, and shows the error.
  for (const load of loads) load().catch(() => undefined)
  hasMoved = true
  for (const listener of waiting) listener()
}

/**
 * Loads the parts on demand at the first move of a person, so that they are there when the connection is not. @returns a function that ends this
 */
export function loadAtFirstMove(): () => void {
  const end = () => {
    for (const move of moves) removeEventListener(move, begin)
  }
  const begin = () => {
    end()
    // After the paint that answers the move.
    requestAnimationFrame(() => setTimeout(loadAll))
  }
  for (const move of moves) addEventListener(move, begin, { passive: true })
  return end
}

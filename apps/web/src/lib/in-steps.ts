import { useDeferredValue } from 'react'

/**
 * Tells whether content is shown whose data are there. What arrives in a store is rendered at once and as a whole; this lets React render the content
 * anew in short steps, between which the page answers, as long as its place still has the skeleton. Content that was shown changes at once.
 */
export function useInSteps(isReady: boolean): boolean {
  const isRendered = useDeferredValue(isReady)
  return isReady && isRendered
}

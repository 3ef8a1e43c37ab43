/** Wraps a name so that its direction does not turn the sentence around it (Unicode isolates, UAX #9). */
export const isolated = (name: string): string => `\u2068${name}\u2069`

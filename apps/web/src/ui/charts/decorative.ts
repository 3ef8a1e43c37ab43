/** Marks parts of a chart that assistive technology passes over, since the points say the same. */
export const decorative = { 'aria-hidden': true } as const

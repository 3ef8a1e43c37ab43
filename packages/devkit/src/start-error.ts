/** A sentence for the person at the terminal; shown without a stack. */
export class StartError extends Error {}

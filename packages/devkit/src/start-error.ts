/** An error whose message addresses the person at the terminal; it is printed without a stack. */
export class StartError extends Error {}

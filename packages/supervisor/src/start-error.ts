/** An error whose message addresses the user at the terminal; it is printed without a stack. */
export class StartError extends Error {}

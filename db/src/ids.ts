import { v7 } from 'uuid'

/** A new UUIDv7 (RFC 9562): ids sort by the time of their making, so indexes grow at their end. */
export const newId = (): string => v7()

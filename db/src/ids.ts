import { v7 } from 'uuid'

/** Generates a UUIDv7 (RFC 9562). Such ids sort by creation time, so indexes grow at their end. */
export const newId = (): string => v7()

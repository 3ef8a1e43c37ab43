/** The source of a regular expression for a UUID in its canonical form: lower case, in groups of 8, 4, 4, 4 and 12 digits. */
export const uuidPattern = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'

const shape = new RegExp(`^${uuidPattern}$`)

/** Tests whether a text is a UUID in its canonical form (RFC 9562), of any version. */
export const isUuid = (text: string): boolean => shape.test(text)

import { uuidPattern } from '@muster/identifiers'
/** The source of a regular expression for a UUID in its canonical form. */
export 
/**
 * Lower-cases A–Z and keeps every other character. Unicode's lower-casing is not one-to-one: U+212A (KELVIN SIGN) becomes `k`, so
 * two different names would compare equal.
 */
export const lowerCaseAscii = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

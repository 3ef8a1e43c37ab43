/**
 * Lower-cases A–Z and leaves every other character as it is. Unicode's folding is not one to one: U+212A (KELVIN SIGN)
 * becomes `k`, so two different names would compare equal. What is compared has its alphabet tested first.
 */
export const lowerCaseAscii = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

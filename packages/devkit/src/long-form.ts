/**
 * Whether tests run in their long form, as by `npm run chaos -- full`: more rounds, every variant, and what takes minutes. The short form
 * of `npm test` shows each mechanism once.
 */
export const isLongForm = process.env.CHAOS_FULL === '1'

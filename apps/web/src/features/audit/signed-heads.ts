const word = /\b\d{1,15}\.[0-9a-f]{64}\.[a-z0-9_-]{1,16}\.[0-9a-f]{64}\b/g
const logged =
  /"seq":\s*(\d{1,15}),\s*"hash":\s*"([0-9a-f]{64})",\s*"keyId":\s*"([a-z0-9_-]{1,16})",\s*"signature":\s*"([0-9a-f]{64})"/g
/** As many as one comparison takes. */
const maxHeads = 20

/**
 * Finds signed heads in a text that somebody pasted: each as one word, or in lines of the audit worker's log.
 * @returns them as `seq.hash.keyId.signature`, each once, at most 20
 */
export function signedHeadsIn(text: string): string[] {
  const fromLog = [...text.matchAll(logged)].map((parts) => parts.slice(1).join('.'))
  return [...new Set([...(text.match(word) ?? []), ...fromLog])].slice(0, maxHeads)
}

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })

/** Shortens a text to at most `max` characters (code points) and never cuts what is shown as one, such as a flag or a family. */
export function shortened(text: string, max: number): string {
  if ([...text].length <= max) return text
  let kept = ''
  let length = 0
  for (const { segment } of graphemes.segment(text)) {
    length += [...segment].length
    if (length > max) break
    kept += segment
  }
  return kept
}

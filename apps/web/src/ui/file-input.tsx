import type { Ref } from 'react'

type Props = {
  ref: Ref<HTMLInputElement>
  /** Types or endings, separated by commas; undefined for all. */
  accept: string | undefined
  isMultiple?: boolean
  onFiles: (files: File[]) => void
}

/** The dialog for files of a button, which opens it by `click()`. The same file can be chosen again. */
export const FileInput = ({ ref, accept, isMultiple = false, onFiles }: Props) => (
  <input
    ref={ref}
    type="file"
    hidden
    accept={accept}
    multiple={isMultiple}
    onChange={({ target }) => {
      const files = [...(target.files ?? [])]
      target.value = ''
      if (files.length > 0) onFiles(files)
    }}
  />
)

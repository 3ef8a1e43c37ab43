import { type AnyRouter, useRouter } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import { type Ref, useEffect, useEffectEvent, useId, useState } from 'react'
import { TextInput, useFieldProps } from './field.tsx'

const patienceMs = 250

export type SearchFieldProps = {
  /** The name for assistive technology, also shown while the field is empty where no `Field` shows one. */
  label: string
  value: string
  /** Called with the trimmed text when the typing pauses. */
  onChange: (value: string) => void
  maxLength?: number | undefined
  /** Returns texts to choose from; it is asked when somebody enters the field. */
  suggest?: (() => readonly string[]) | undefined
  inputRef?: Ref<HTMLInputElement> | undefined
  className?: string | undefined
}

/** A field for the text of a search, which the address keeps: when the address changes from elsewhere, the field follows. */
export function SearchField(props: SearchFieldProps) {
  const { label, value, onChange, maxLength = 100, suggest, inputRef, className } = props
  const [suggestions, setSuggestions] = useState<readonly string[]>()
  const suggestionsId = useId()
  const isLabelled = useFieldProps().id !== undefined
  const [typed, setTyped] = useState(value)
  const [known, setKnown] = useState(value)
  const [reported, setReported] = useState<string>()
  if (known !== value) {
    setKnown(value)
    setReported(undefined)
    // What was typed since the report stays.
    if (value !== reported) setTyped(value)
  }
  const report = useEffectEvent((text: string) => {
    setReported(text)
    onChange(text)
  })
  const router = useRouter()
  useEffect(() => {
    if (typed.trim() === known) return
    const held = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const hold = () => clearTimeout(timer)
    const wait = () => {
      hold()
      // A link that was followed meanwhile leads away; if it does not, the text is still reported.
      timer = setTimeout(() => (isLeaving(router) ? wait() : report(typed.trim())), patienceMs)
    }
    wait()
    // The report waits while a pointer is pressed: a list that is replaced below it would take no click.
    const options = { capture: true, signal: held.signal }
    document.addEventListener('pointerdown', hold, options)
    for (const end of ['pointerup', 'pointercancel'] as const) document.addEventListener(end, wait, options)
    return () => {
      hold()
      held.abort()
    }
  }, [typed, known, router])
  return (
    <span className={className}>
      <TextInput
        ref={inputRef}
        type="search"
        icon={<Search aria-hidden="true" />}
        aria-label={label}
        placeholder={isLabelled ? undefined : label}
        value={typed}
        maxLength={maxLength}
        list={suggestions && suggestionsId}
        onFocus={suggest && (() => setSuggestions(suggest()))}
        onChange={({ target }) => setTyped(target.value)}
        className="min-h-9 py-1 touch:min-h-11"
      />
      {suggestions && (
        <datalist id={suggestionsId}>
          {suggestions.map((text) => (
            <option key={text} value={text} />
          ))}
        </datalist>
      )}
    </span>
  )
}

/** Tells whether another page is being opened, which a change of the search in the address would stop. */
const isLeaving = ({ latestLocation, state }: AnyRouter) => latestLocation.pathname !== state.resolvedLocation?.pathname

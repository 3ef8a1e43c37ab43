import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type ChangeEvent, useRef, useState } from 'react'

type Name<Values> = keyof Values & string
type Focusable = { focus(): void }
type Attributes = { name: string; ref: (element: Focusable | null) => void }

/** The attributes of an input, a text area or, for a boolean, of a checkbox. */
export type InputAttributes<Value> = Attributes & {
  onChange: (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => void
} & (Value extends boolean ? { checked: boolean } : { value: string })

/** The value of a control that is no input of HTML. */
export type ControlledField<Value> = { value: Value; onChange: (value: Value) => void; ref: Attributes['ref'] }

/** The fields of a form: what was typed into each, and what is wrong with it. Names are those of the values. */
export interface Fields<Values> {
  readonly values: Values
  register<Own extends Name<Values>>(name: Own): InputAttributes<Values[Own]>
  control<Own extends Name<Values>>(name: Own): ControlledField<Values[Own]>
  /** Returns the sentence beside a field, if it has a fault. */
  errorOf(name: Name<Values>): string | undefined
  /** Says what is wrong with a field, until it changes. */
  setError(name: Name<Values>, message: string, options?: { shouldFocus?: boolean }): void
  /** Begins anew, by default with the values of the last beginning. */
  reset(values?: Values): void
}

type Errors = Partial<Record<string, string>>

/**
 * Keeps the values of a form and their faults. The schema is asked when the form is sent, and from then on at each change about the field that
 * changes.
 */
export function useFields<Values extends object, Output>(
  schema: StandardSchemaV1<Values, Output>,
  defaultValues: Values,
): Fields<Values> & {
  /** Returns what the schema makes of the values. If it finds faults, they are shown, the first field with one gets the focus, and it is null. */
  validate(): Promise<{ output: Output } | null>
} {
  const [values, setValues] = useState(defaultValues)
  const [errors, setErrors] = useState<Errors>({})
  const elements = useRef(new Map<string, Focusable>())
  // A control may change a value and send the form before the form is rendered again.
  const state = useRef({ values: defaultValues, first: defaultValues, wasSent: false })

  const faultsOf = async (): Promise<{ errors: Errors; output?: Output }> => {
    const result = await schema['~standard'].validate(state.current.values)
    if (!result.issues) return { errors: {}, output: result.value }
    const found: Errors = {}
    for (const { path = [], message } of result.issues) {
      const [first] = path
      found[String(typeof first === 'object' ? first.key : first)] ??= message
    }
    return { errors: found }
  }

  function put(next: Values): void {
    state.current.values = next
    setValues(next)
  }

  function change(name: string, value: unknown): void {
    put({ ...state.current.values, [name]: value })
    if (!state.current.wasSent) return
    void faultsOf().then(({ errors: found }) =>
      setErrors(({ [name]: _, ...others }) =>
        found[name] === undefined ? others : { ...others, [name]: found[name] },
      ),
    )
  }

  const refOf = (name: string) => (element: Focusable | null) => {
    if (element) elements.current.set(name, element)
    else elements.current.delete(name)
  }

  return {
    values,
    register(name) {
      const value = values[name]
      const attributes = {
        ...{ name, ref: refOf(name) },
        ...(typeof value === 'boolean' ? { checked: value } : { value }),
        onChange: ({ target }: ChangeEvent<HTMLInputElement>) =>
          change(name, typeof value === 'boolean' ? target.checked : target.value),
      }
      return attributes as unknown as InputAttributes<Values[typeof name]>
    },
    control: (name) => ({ value: values[name], onChange: (value) => change(name, value), ref: refOf(name) }),
    errorOf: (name) => errors[name],
    setError(name, message, { shouldFocus = false } = {}) {
      setErrors((others) => ({ ...others, [name]: message }))
      if (shouldFocus) elements.current.get(name)?.focus()
    },
    reset(next = state.current.first) {
      state.current = { values: next, first: next, wasSent: false }
      setValues(next)
      setErrors({})
    },
    async validate() {
      state.current.wasSent = true
      const { errors: found, output } = await faultsOf()
      setErrors(found)
      if (Object.keys(found).length === 0) return { output: output as Output }
      const [first] = Object.keys(state.current.values).filter((name) => found[name] !== undefined)
      if (first !== undefined) elements.current.get(first)?.focus()
      return null
    },
  }
}

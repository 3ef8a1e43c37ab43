import type { AuthConfig } from '@muster/client'
import { Check, Circle, X } from 'lucide-react'
import { m } from '../../paraglide/messages.js'
import { cx } from '../../ui/cx.ts'

export type PasswordRule = AuthConfig['password']['rules'][number]
type Length = AuthConfig['password']['length']
type Owner = { email: string; username: string }

const fold = (text: string) => text.normalize('NFKC').toLowerCase()

/** Lists the names that a password must not contain, as the server does: of `anna.lee+work@…` both `anna.lee+work` and `anna.lee`. */
function namesOf({ email, username }: Owner): string[] {
  const mailName = email.slice(0, Math.max(0, email.lastIndexOf('@')))
  return [mailName, mailName.split('+', 1)[0] ?? '', username]
    .map((name) => fold(name.trim()))
    .filter((name) => name.length >= 3)
}

/** Whether a password keeps a rule; null where only the server knows. */
const checks: Record<PasswordRule, (password: string, length: Length, owner: Owner) => boolean | null> = {
  minLength: (password, { min }) => [...password].length >= min,
  maxLength: (password, { max }) => [...password].length <= max,
  readable: (password) => password.isWellFormed() && !/[\p{Cc}\ufffd]/u.test(password),
  upperCase: (password) => /\p{Lu}/u.test(password),
  lowerCase: (password) => /\p{Ll}/u.test(password),
  digit: (password) => /\p{Nd}/u.test(password),
  uncommon: () => null,
  notYourName: (password, _, owner) => !namesOf(owner).some((name) => fold(password).includes(name)),
}

const labels: Record<PasswordRule, (length: Length) => string> = {
  minLength: ({ min }) => m.registration_rule_min_length({ min }),
  maxLength: ({ max }) => m.registration_rule_max_length({ max }),
  readable: () => m.registration_rule_readable(),
  upperCase: () => m.registration_rule_upper_case(),
  lowerCase: () => m.registration_rule_lower_case(),
  digit: () => m.registration_rule_digit(),
  uncommon: () => m.registration_rule_uncommon(),
  notYourName: () => m.registration_rule_not_your_name(),
}

/** Rules that hardly anybody breaks: they are shown only when broken. */
const quiet: ReadonlySet<PasswordRule> = new Set(['maxLength', 'readable'])

type Props = {
  rules: readonly PasswordRule[]
  length: Length
  password: string
  owner: Owner
  /** A password that the server has refused, with the rules that it breaks. */
  refused: { password: string; rules: readonly string[] } | null
}

/** The rules of a new password, checked while it is typed. */
export function PasswordRules({ rules, length, password, owner, refused }: Props) {
  const stateOf = (rule: PasswordRule): boolean | null => {
    if (password === '') return null
    if (refused?.password === password) return !refused.rules.includes(rule)
    return checks[rule](password, length, owner)
  }
  return (
    <ul aria-label={m.registration_rules()} className="mt-1 grid gap-x-4 gap-y-1 sm:grid-cols-2">
      {rules
        .filter((rule) => !quiet.has(rule) || stateOf(rule) === false)
        .map((rule) => {
          const state = stateOf(rule)
          const Icon = state === null ? Circle : state ? Check : X
          return (
            <li
              key={rule}
              className={cx('flex gap-2', state === null ? 'text-ink-3' : state ? 'text-success' : 'text-danger')}
            >
              <Icon
                aria-hidden="true"
                className={cx('mt-[0.25em] size-3.5 shrink-0', state === null && 'scale-50')}
                strokeWidth={2.5}
              />
              <span>
                {labels[rule](length)}
                {state !== null && (
                  <span className="sr-only"> {state ? m.registration_rule_kept() : m.registration_rule_broken()}</span>
                )}
              </span>
            </li>
          )
        })}
    </ul>
  )
}

/** Tells whether a password keeps every rule that this page can check. */
export const keepsRules = (password: string, { rules, length }: AuthConfig['password'], owner: Owner): boolean =>
  rules.every((rule) => checks[rule](password, length, owner) !== false)

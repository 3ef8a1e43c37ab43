import { useState } from 'react'
import { graphemesOf } from '../lib/graphemes.ts'
import { m } from '../paraglide/messages.js'
import { cx } from './cx.ts'

export type AvatarProps = {
  name: string
  url?: string | null | undefined
  size?: 'xs' | 'sm' | 'md' | 'lg' | 'xl' | undefined
  presence?: 'online' | 'offline' | undefined
  className?: string | undefined
}

const sizes = {
  xs: 'size-6 text-[0.625rem]',
  sm: 'size-8 text-xs',
  md: 'size-10 text-sm',
  lg: 'size-14 text-lg',
  xl: 'size-24 text-3xl',
}
const tints = [
  'bg-accent-soft text-accent',
  'bg-success-soft text-success',
  'bg-warning-soft text-warning',
  'bg-danger-soft text-danger',
  'bg-raised text-ink-2',
]

/** Returns the first letters of the first and the last word, whole as readers see them. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u)
  const ends = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  const letters = ends.map((word = '') => graphemesOf(word)[0] ?? '')
  return letters.join('').toLocaleUpperCase()
}

const tintOf = (name: string) => {
  let sum = 0
  for (const char of name) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 9973
  return tints[sum % tints.length]
}

/** The picture of a person, or their initials. It is decoration: the name stands beside it. */
export function Avatar({ name, url, size = 'md', presence, className }: AvatarProps) {
  const [broken, setBroken] = useState<string>()
  return (
    <span className={cx('relative inline-block size-fit shrink-0', className)}>
      {url && broken !== url ? (
        <img
          src={url}
          alt=""
          loading="lazy"
          decoding="async"
          onError={() => setBroken(url)}
          className={cx('rounded-full bg-raised object-cover', sizes[size])}
        />
      ) : (
        <span
          aria-hidden="true"
          className={cx('grid place-items-center rounded-full font-semibold select-none', sizes[size], tintOf(name))}
        >
          {initialsOf(name)}
        </span>
      )}
      {presence === 'online' && (
        <span className="absolute end-0 bottom-0 size-[28%] max-h-3.5 min-h-2 max-w-3.5 min-w-2 rounded-full border-2 border-surface bg-success">
          <span className="sr-only">{m.ui_online()}</span>
        </span>
      )}
    </span>
  )
}

import { createLink } from '@tanstack/react-router'
import type { ComponentProps, MouseEvent, ReactNode } from 'react'
import { cx } from './cx.ts'
import { Spinner } from './spinner.tsx'

export type ButtonVariant = 'primary' | 'secondary' | 'ghost' | 'danger'
export type ButtonSize = 'sm' | 'md' | 'lg'

type Look = {
  variant?: ButtonVariant | undefined
  size?: ButtonSize | undefined
  /** Stands before the text. */
  icon?: ReactNode
  isWide?: boolean | undefined
}

const variants: Record<ButtonVariant, string> = {
  primary: 'border-transparent bg-accent text-accent-ink shadow-sm hover:bg-accent-strong',
  secondary: 'bg-surface text-ink border-control/55 shadow-sm hover:bg-raised hover:border-control',
  ghost: 'border-transparent text-ink-2 hover:bg-raised hover:text-ink',
  danger: 'border-transparent bg-danger text-danger-ink shadow-sm hover:bg-danger-strong',
}
const sizes: Record<ButtonSize, string> = {
  sm: 'min-h-8 px-3 text-sm gap-1.5 touch:min-h-11',
  md: 'min-h-10 px-4 text-[0.9375rem] gap-2 touch:min-h-11',
  lg: 'min-h-12 px-5 text-base gap-2',
}
const iconSizes: Record<ButtonSize, string> = {
  sm: 'size-8 touch:size-11',
  md: 'size-10 touch:size-11',
  lg: 'size-12',
}

const shared =
  'relative inline-flex items-center justify-center rounded-md border font-medium select-none ' +
  'motion-safe:transition-colors motion-safe:duration-100 disabled:opacity-55 disabled:cursor-not-allowed ' +
  'aria-disabled:cursor-not-allowed [&_svg]:size-[1.15em] [&_svg]:shrink-0'

const classOf = ({ variant = 'secondary', size = 'md', isWide }: Look, className?: string) =>
  cx(shared, variants[variant], sizes[size], isWide && 'w-full', className)

export type ButtonProps = Omit<ComponentProps<'button'>, 'disabled'> &
  Look & {
    /** Shows that the action is under way. The button keeps its size and its focus, and does nothing. */
    isPending?: boolean | undefined
    isDisabled?: boolean | undefined
  }

/** A button. Its type is `button`, so it submits a form only with `type="submit"`. */
export function Button({
  variant,
  size,
  icon,
  isWide,
  isPending = false,
  isDisabled,
  className,
  children,
  onClick,
  ...props
}: ButtonProps) {
  const ignore = (event: MouseEvent<HTMLButtonElement>) => {
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <button
      type="button"
      {...props}
      disabled={isDisabled}
      aria-disabled={isPending || undefined}
      aria-busy={isPending || undefined}
      className={classOf({ variant, size, isWide }, className)}
      onClick={isPending ? ignore : onClick}
    >
      <span className={cx('inline-flex items-center gap-[inherit]', isPending && 'invisible')}>
        {icon}
        {children}
      </span>
      {isPending && (
        <span className="absolute inset-0 grid place-items-center">
          <Spinner />
        </span>
      )}
    </button>
  )
}

type AnchorProps = ComponentProps<'a'> & Look

function ButtonAnchor({ variant, size, icon, isWide, className, children, ...props }: AnchorProps) {
  return (
    <a {...props} className={classOf({ variant, size, isWide }, className)}>
      {icon}
      {children}
    </a>
  )
}

/** A link of the router that looks like a button. */
export const ButtonLink = createLink(ButtonAnchor)

/** A link out of the router, such as to the start of a sign-in elsewhere, that looks like a button. */
export const ExternalButtonLink = ButtonAnchor

export type IconButtonProps = Omit<ComponentProps<'button'>, 'children' | 'disabled'> & {
  /** The name for assistive technology, shown as a tooltip. */
  label: string
  icon: ReactNode
  variant?: ButtonVariant | undefined
  size?: ButtonSize | undefined
  isDisabled?: boolean | undefined
  hasTooltip?: boolean | undefined
}

/** A button with an icon alone. */
export function IconButton({
  label,
  icon,
  variant = 'ghost',
  size = 'md',
  isDisabled,
  hasTooltip = true,
  className,
  ...props
}: IconButtonProps) {
  return (
    <button
      type="button"
      {...props}
      disabled={isDisabled}
      aria-label={label}
      data-tooltip={hasTooltip ? label : undefined}
      className={cx(shared, variants[variant], iconSizes[size], 'shrink-0 text-lg', className)}
    >
      {icon}
    </button>
  )
}

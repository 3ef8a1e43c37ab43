import { Toast } from '@base-ui/react/toast'
import { CircleAlert, CircleCheck, Info, X } from 'lucide-react'
import { useEffect } from 'react'
import { m } from '../paraglide/messages.js'
import { Button, ButtonLink, IconButton } from './button.tsx'
import { cx } from './cx.ts'
import { receiveToasts, type ToastAction, type ToastKind } from './toast-queue.ts'

const manager = Toast.createToastManager<{ action?: ToastAction }>()

const looks: Record<ToastKind, { Icon: typeof Info; ink: string }> = {
  info: { Icon: Info, ink: 'text-accent' },
  success: { Icon: CircleCheck, ink: 'text-success' },
  error: { Icon: CircleAlert, ink: 'text-danger' },
}

/** Shows the messages of `toast`. F6 moves the focus to them; pointer and focus stop their clock. */
export default function ToastViewport() {
  useEffect(() => {
    let end: (() => void) | undefined
    // Screen readers read what is added to the region, so the region comes first.
    const frame = requestAnimationFrame(() => {
      end = receiveToasts({
        show: ({ id, title, text, action, kind = 'info', durationMs = 5_000 }) =>
          manager.add({
            ...{ id, title, description: text, type: kind, timeout: durationMs, data: action ? { action } : {} },
            priority: kind === 'error' ? 'high' : 'low',
          }),
        close: (id) => manager.close(id),
      })
    })
    return () => {
      cancelAnimationFrame(frame)
      end?.()
    }
  }, [])
  return (
    <Toast.Provider toastManager={manager} limit={4}>
      <Toast.Portal>
        <Toast.Viewport
          aria-label={m.ui_messages()}
          className="fixed inset-x-4 bottom-[calc(1rem+var(--bottom-bar,0px)+var(--composer,0px))] z-60 mx-auto flex max-w-md flex-col gap-2.5 outline-none sm:inset-x-auto sm:end-6 sm:bottom-[calc(1.5rem+var(--bottom-bar,0px)+var(--composer,0px))] sm:w-[26rem]"
        >
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function List() {
  const { toasts, close } = Toast.useToastManager<{ action?: ToastAction }>()
  return toasts.map((item) => {
    const { Icon, ink } = looks[(item.type as ToastKind | undefined) ?? 'info']
    const action = item.data?.action
    const act = () => {
      close(item.id)
      action?.onClick?.()
    }
    return (
      <Toast.Root
        key={item.id}
        toast={item}
        swipeDirection={['down', 'right']}
        className={cx(
          'rounded-lg border border-line bg-surface shadow-lg select-none data-limited:hidden',
          'motion-safe:transition-[opacity,translate] motion-safe:duration-200 motion-safe:ease-out',
          'data-starting-style:translate-y-4 data-starting-style:opacity-0 data-ending-style:opacity-0',
        )}
      >
        <Toast.Content className="flex items-center gap-3 p-3 ps-4">
          <Icon aria-hidden="true" className={cx('size-5 shrink-0', ink)} />
          <div className="min-w-0 flex-1">
            <Toast.Title className="text-[0.9375rem] font-medium" />
            <Toast.Description className="text-sm text-ink-2" />
          </div>
          {action &&
            (action.href === undefined ? (
              <Button size="sm" onClick={act}>
                {action.label}
              </Button>
            ) : (
              <ButtonLink size="sm" to={action.href} onClick={act} className="shrink-0">
                {action.label}
              </ButtonLink>
            ))}
          <Toast.Close
            render={<IconButton size="sm" label={m.ui_close()} icon={<X aria-hidden="true" />} hasTooltip={false} />}
          />
        </Toast.Content>
      </Toast.Root>
    )
  })
}

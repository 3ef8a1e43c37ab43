import type { ReactNode } from 'react'
import { cx } from './cx.ts'

export type TableColumn<Row> = {
  key: string
  header: ReactNode
  cell: (row: Row) => ReactNode
  /** Aligned to the end, with digits of one width. */
  isNumeric?: boolean | undefined
  className?: string | undefined
}

export type TableProps<Row> = {
  /** What the table shows; read out, and seen with `isCaptionShown`. */
  caption: string
  isCaptionShown?: boolean | undefined
  columns: readonly TableColumn<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string
  /** Names the column whose cells name the rows; the first one by default. */
  rowHeader?: string | undefined
}

/** A table. On narrow screens it scrolls sideways by itself, also by the keyboard. */
export function Table<Row>(props: TableProps<Row>) {
  const { caption, isCaptionShown, columns, rows, keyOf, rowHeader = columns[0]?.key } = props
  const align = ({ isNumeric, className }: TableColumn<Row>) =>
    cx(
      'px-3 py-2.5 first:ps-5 last:pe-5 sm:first:ps-6 sm:last:pe-6',
      isNumeric ? 'text-end tabular-nums' : 'text-start',
      className,
    )
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by the keyboard
    <section aria-label={caption} tabIndex={0} className="relative scroll-sideways focus-visible:-outline-offset-2">
      <table className="w-full border-collapse text-[0.9375rem]">
        <caption className={isCaptionShown ? 'pb-2 text-start text-sm text-ink-3' : 'sr-only'}>{caption}</caption>
        <thead>
          <tr className="border-b border-line text-sm text-ink-3">
            {columns.map((column) => (
              <th key={column.key} scope="col" className={cx(align(column), 'font-medium whitespace-nowrap')}>
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} className="border-b border-line last:border-0 hover:bg-raised/50">
              {columns.map((column) =>
                column.key === rowHeader ? (
                  <th key={column.key} scope="row" className={cx(align(column), 'font-medium')}>
                    {column.cell(row)}
                  </th>
                ) : (
                  <td key={column.key} className={align(column)}>
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

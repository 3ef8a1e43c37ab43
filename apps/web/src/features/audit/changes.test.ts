import { expect, test } from 'vitest'
import { changesOf } from './changes.ts'

test('the fields of an event are compared by their paths, also nested ones, lists and empty values', () => {
  expect(
    changesOf(
      { role: 'client_user', name: 'Ann', tags: ['a'], gone: null },
      { role: 'client_admin', name: 'Ann', filters: { status: 'sent', deep: { one: 1 } }, none: {}, isActive: false },
    ),
  ).toEqual([
    { field: 'role', before: 'client_user', after: 'client_admin' },
    { field: 'name', before: 'Ann', after: 'Ann' },
    { field: 'tags', before: '["a"]', after: undefined },
    { field: 'gone', before: 'null', after: undefined },
    { field: 'filters.status', before: undefined, after: 'sent' },
    { field: 'filters.deep.one', before: undefined, after: '1' },
    { field: 'none', before: undefined, after: '{}' },
    { field: 'isActive', before: undefined, after: 'false' },
  ])
  expect(changesOf(null, null)).toEqual([])
  expect(changesOf(undefined, 'text')).toEqual([{ field: 'value', before: undefined, after: 'text' }])
})

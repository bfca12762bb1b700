// The table of a start.
import { expect, it } from 'vitest'
import { featureTable } from '../../../jobs/start/features.ts'

it('sets names over their columns, users to the left and numbers to the right', () => {
  const row = { user: 'u1', orders: '2', spend: '136.12', restaurants: '1', windowEnd: 'T' }
  expect(featureTable([row, { ...row, user: 'u20000', spend: '9.00' }])).toBe(
    [
      '  user    orders_5min  spend_5min  unique_restaurants_5min  window_end',
      '  u1                2      136.12                        1           T',
      '  u20000            2        9.00                        1           T',
      '',
    ].join('\n'),
  )
})

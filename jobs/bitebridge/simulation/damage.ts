// Damage: what goes wrong on the way, as it does in real feeds: a line cut short, a field renamed
// by a producer's release, a value of another type, a field left out, bytes that are no UTF-8. Each
// kind breaks the schema of its topic, so a damaged event always becomes a dead letter.
import type { Random } from '../../../engine/clock.ts'
import { type DraftEvent, eventText, type FieldValue } from './events.ts'

export type DamageKind = 'truncated' | 'renamed' | 'wrong-type' | 'missing' | 'bad-utf-8'

const KINDS: readonly DamageKind[] = ['truncated', 'renamed', 'wrong-type', 'missing', 'bad-utf-8']

/** The number of each topic that a producer may rename or mistype. */
const NUMBERS = {
  orders: { name: 'order_total', renamed: 'total_amount' },
  deliveries: { name: 'minutes', renamed: 'duration_minutes' },
  ratings: { name: 'stars', renamed: 'rating' },
} as const

const encoder = new TextEncoder()

export function damageKind(random: Random): DamageKind {
  return KINDS[Math.floor(random() * KINDS.length)] ?? 'truncated'
}

/** The bytes of an event after damage of a kind. */
export function damaged(event: DraftEvent, kind: DamageKind, random: Random): Uint8Array {
  const { name, renamed } = NUMBERS[event.topic]
  switch (kind) {
    case 'truncated': {
      const whole = encoder.encode(eventText(event))
      return whole.slice(0, 10 + Math.floor(random() * (whole.length - 20)))
    }
    case 'renamed':
      return bytesOf(event, (field, value) => [field === name ? renamed : field, value])
    case 'wrong-type':
      return bytesOf(event, (field, value) => [field, field === name ? 'unknown' : value])
    case 'missing':
      return bytesOf(event, (field, value) => (field === 'user_id' ? undefined : [field, value]))
    case 'bad-utf-8': {
      const whole = encoder.encode(eventText(event))
      // The first byte of the order's number, behind `"order_id":"`.
      const mark = encoder.encode('"order_id":"')
      whole[Buffer.from(whole).indexOf(mark) + mark.length] = 0xff
      return whole
    }
  }
}

function bytesOf(
  event: DraftEvent,
  change: (name: string, value: FieldValue) => readonly [string, FieldValue] | undefined,
): Uint8Array {
  const fields = event.fields.flatMap(([name, value]) => {
    const changed = change(name, value)
    return changed === undefined ? [] : [changed]
  })
  return encoder.encode(eventText({ ...event, fields }))
}

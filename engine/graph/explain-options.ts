// Options of operators as text for people: durations with units, aggregates as calls, functions as
// `lambda`. Anything that is not known is shown as it is; nothing is evaluated.
import { describeExpression, Expr } from '../expression/index.ts'
import { formatDuration } from '../time/index.ts'

/** Options that count microseconds, besides all whose names end in `Micros`. */
const DURATIONS = new Set(['size', 'slide', 'offset', 'allowedLateness'])
/** Characters after which a value is cut. */
const TEXT_MAX = 300

/** `name value` for each option that is set. */
export function optionTexts(options: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined) return []
    const isMicros = name.endsWith('Micros')
    const shown = isMicros ? name.slice(0, -'Micros'.length) : name
    const isDuration = typeof value === 'number' && (isMicros || DURATIONS.has(name))
    const text = isDuration ? formatDuration(value) : valueText(value)
    return [`${shown} ${text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text}`]
  })
}

/** True when a function stands anywhere in the options. */
export function hasLambda(value: unknown, depth = 0): boolean {
  if (typeof value === 'function') return true
  if (typeof value !== 'object' || value === null || depth > 8) return false
  return Object.values(value).some((member) => hasLambda(member, depth + 1))
}

function valueText(value: unknown): string {
  if (typeof value === 'function') return 'lambda'
  if (value instanceof Expr) return describeExpression(value.node)
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  if ('kind' in value && typeof value.kind === 'string') return call(value.kind, value)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return members.map(([name, member]) => `${name} = ${valueText(member)}`).join(', ')
}

/** `sum(order_total)`: the kind of a descriptor and its other members. */
function call(kind: string, descriptor: object): string {
  const others = Object.entries(descriptor).filter(
    ([name, member]) => name !== 'kind' && member !== undefined,
  )
  const parts = others.map(([name, member]) =>
    name === 'column' ? valueText(member) : `${name}: ${valueText(member)}`,
  )
  return `${kind}(${parts.join(', ')})`
}

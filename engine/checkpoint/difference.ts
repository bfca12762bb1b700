// What differs between two pieces of plain data, in words. Members of arrays are matched by their
// `id` or `name` where all have one, else by position, so that an added operator is one difference.

export interface Difference {
  readonly kind: 'added' | 'removed' | 'changed'
  /** Where: `stages/orders/operators/window`. */
  readonly path: string
  readonly before?: unknown
  readonly after?: unknown
}

/** All differences, outermost first. Keys whose value is undefined count as absent. */
export function differences(before: unknown, after: unknown, path = ''): Difference[] {
  const isNamed = haveNames(before) && haveNames(after)
  const from = membersOf(before, isNamed)
  const to = membersOf(after, isNamed)
  if (from === undefined || to === undefined || Array.isArray(before) !== Array.isArray(after)) {
    return JSON.stringify(before) === JSON.stringify(after)
      ? []
      : [{ kind: 'changed', path, before, after }]
  }
  const found: Difference[] = []
  for (const [name, value] of from) {
    const at = path === '' ? name : `${path}/${name}`
    if (to.has(name)) found.push(...differences(value, to.get(name), at))
    else found.push({ kind: 'removed', path: at, before: value })
  }
  for (const [name, value] of to) {
    const at = path === '' ? name : `${path}/${name}`
    if (!from.has(name)) found.push({ kind: 'added', path: at, after: value })
  }
  return found
}

/** One line; long ones end with how many more there are. */
export function describeDifferences(found: readonly Difference[], limit = 8): string {
  const words = found.slice(0, limit).map(describeOne)
  if (found.length > limit) words.push(`and ${found.length - limit} more`)
  return words.join('; ')
}

function describeOne({ kind, path, before, after }: Difference): string {
  const place = path === '' ? 'the whole' : path
  if (kind === 'added') return `${place} was added`
  if (kind === 'removed') return `${place} was removed`
  return `${place}: ${short(before)} became ${short(after)}`
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

function membersOf(value: unknown, isNamed: boolean): Map<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (!Array.isArray(value)) {
    return new Map(Object.entries(value).filter(([, member]) => member !== undefined))
  }
  return new Map(value.map((member, i) => [isNamed ? `${nameOf(member)}` : `${i}`, member]))
}

function haveNames(value: unknown): boolean {
  if (!Array.isArray(value)) return false
  const names = new Set(value.map(nameOf))
  return names.size === value.length && !names.has(undefined)
}

function nameOf(member: unknown): string | undefined {
  if (typeof member !== 'object' || member === null) return undefined
  if ('id' in member && typeof member.id === 'string') return member.id
  if ('name' in member && typeof member.name === 'string') return member.name
  return undefined
}

// The cells of a multiset: pairs (value id + 1, count) from a base on, as a list of up to 8 or as a
// hash table of 2^class places; `info` is distinct values << 5 | class. Who owns the cells, and when
// they move, is the business of `value-multiset.ts`.

/** Greatest class that is a list. */
export const LIST_CLASS_MAX = 3
export const CLASS_BITS = 5
export const CLASS_MASK = 31
/** One distinct value more in an info. */
export const ONE_MORE = 1 << CLASS_BITS

/** Pairs to look at for all values: those of a list, or all places of a table. */
export function pairsToVisit(info: number): number {
  const sizeClass = info & CLASS_MASK
  return sizeClass <= LIST_CLASS_MAX ? info >> CLASS_BITS : 1 << sizeClass
}

/** Index of the value's pair, or -1. */
export function find(cells: Int32Array, base: number, info: number, id: number): number {
  const sizeClass = info & CLASS_MASK
  const wanted = id + 1
  if (sizeClass <= LIST_CLASS_MAX) {
    const end = base + (info >> CLASS_BITS) * 2
    for (let at = base; at < end; at += 2) if (cells[at] === wanted) return at
    return -1
  }
  const mask = (2 << sizeClass) - 2
  for (let place = home(id, sizeClass); ; place = (place + 2) & mask) {
    const stored = cells[base + place]!
    if (stored === wanted) return base + place
    if (stored === 0) return -1
  }
}

/** Writes a pair that is not there yet. */
export function write(
  cells: Int32Array,
  base: number,
  sizeClass: number,
  size: number,
  stored: number,
  count: number,
): void {
  let place = size * 2
  if (sizeClass > LIST_CLASS_MAX) {
    const mask = (2 << sizeClass) - 2
    place = home(stored - 1, sizeClass)
    while (cells[base + place] !== 0) place = (place + 2) & mask
  }
  cells[base + place] = stored
  cells[base + place + 1] = count
}

/** Takes a pair out; pairs behind it move up, so that no gap breaks a probe. */
export function removeFromTable(
  cells: Int32Array,
  base: number,
  sizeClass: number,
  at: number,
): void {
  const mask = (2 << sizeClass) - 2
  let gap = at - base
  for (let place = (gap + 2) & mask; ; place = (place + 2) & mask) {
    const stored = cells[base + place]!
    if (stored === 0) break
    const distance = (place - home(stored - 1, sizeClass)) & mask
    if (distance < ((place - gap) & mask)) continue
    cells[base + gap] = stored
    cells[base + gap + 1] = cells[base + place + 1]!
    gap = place
  }
  cells[base + gap] = 0
}

/** Where an id's pair stands in a table when nothing is in its way (Fibonacci hashing). */
function home(id: number, sizeClass: number): number {
  return (Math.imul(id, -1640531527) >>> (32 - sizeClass)) << 1
}

// Sorts items by whole numbers that belong to them, e.g. rows by the sequences of their keys: radix by
// 11 bits, from the lowest up, over what the numbers exceed the least of them. Cost: two passes up to
// a range of 4 million, three up to 2^32; a comparison sort beyond, which sequences don't reach.
const DIGIT_BITS = 11
const DIGITS = 1 << DIGIT_BITS
const RADIX_RANGE_MAX = 2 ** 32
const INSERTION_MAX = 32

/** Sorts both arrays so that the numbers ascend; equal numbers keep their order. */
export function sortByNumber(items: Int32Array, numbers: Float64Array): void {
  const count = numbers.length
  let least = Number.POSITIVE_INFINITY
  let greatest = Number.NEGATIVE_INFINITY
  let isSorted = true
  for (let i = 0; i < count; i++) {
    const number = numbers[i]!
    if (number < greatest) isSorted = false
    if (number < least) least = number
    if (number > greatest) greatest = number
  }
  if (isSorted) return
  if (count <= INSERTION_MAX) insertionSort(items, numbers)
  else if (greatest - least < RADIX_RANGE_MAX) radixSort(items, numbers, least, greatest - least)
  else comparisonSort(items, numbers)
}

function insertionSort(items: Int32Array, numbers: Float64Array): void {
  for (let i = 1; i < numbers.length; i++) {
    const item = items[i]!
    const number = numbers[i]!
    let at = i
    while (at > 0 && numbers[at - 1]! > number) {
      items[at] = items[at - 1]!
      numbers[at] = numbers[at - 1]!
      at--
    }
    items[at] = item
    numbers[at] = number
  }
}

function radixSort(items: Int32Array, numbers: Float64Array, least: number, range: number): void {
  const count = numbers.length
  let keys = new Uint32Array(count)
  for (let i = 0; i < count; i++) keys[i] = numbers[i]! - least
  let values = items.slice()
  let otherKeys = new Uint32Array(count)
  let otherValues = new Int32Array(count)
  for (let shift = 0; range >= 2 ** shift; shift += DIGIT_BITS) {
    distribute(keys, values, otherKeys, otherValues, shift)
    ;[keys, otherKeys] = [otherKeys, keys]
    ;[values, otherValues] = [otherValues, values]
  }
  items.set(values)
  for (let i = 0; i < count; i++) numbers[i] = keys[i]! + least
}

function distribute(
  keys: Uint32Array,
  values: Int32Array,
  intoKeys: Uint32Array,
  intoValues: Int32Array,
  shift: number,
): void {
  const places = new Int32Array(DIGITS)
  for (let i = 0; i < keys.length; i++) places[(keys[i]! >>> shift) & (DIGITS - 1)]!++
  let place = 0
  for (let digit = 0; digit < DIGITS; digit++) {
    const size = places[digit]!
    places[digit] = place
    place += size
  }
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    const at = places[(key >>> shift) & (DIGITS - 1)]!++
    intoKeys[at] = key
    intoValues[at] = values[i]!
  }
}

function comparisonSort(items: Int32Array, numbers: Float64Array): void {
  const order = Array.from(numbers.keys()).sort((a, b) => numbers[a]! - numbers[b]!)
  const oldItems = items.slice()
  const oldNumbers = numbers.slice()
  order.forEach((from, at) => {
    items[at] = oldItems[from]!
    numbers[at] = oldNumbers[from]!
  })
}

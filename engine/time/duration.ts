// Durations as people write them ("5s", "1m", "250ms"), in microseconds inside.
import { ConfigError } from '../errors.ts'

/** A duration such as "5s", "1m 30s", "2h", "10ms", "1d", or a number of milliseconds. */
export type Duration = string | number

const UNITS: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
}

/**
 * Microseconds of a duration; days have 24 hours.
 * @throws ConfigError DURATION_INVALID for anything else, negative ones too.
 */
export function durationMicros(duration: Duration): number {
  if (typeof duration === 'number') {
    const micros = duration * 1000
    if (Number.isSafeInteger(micros) && micros >= 0) return micros
    throw invalid(String(duration))
  }
  let micros = 0
  const rest = duration.trim().replace(/(\d+)\s*(us|ms|s|m|h|d)\s*/g, (_, count, unit) => {
    micros += Number(count) * (UNITS[String(unit)] ?? Number.NaN)
    return ''
  })
  if (rest !== '' || duration.trim() === '' || !Number.isSafeInteger(micros))
    throw invalid(duration)
  return micros
}

/** The shortest exact text of a duration in microseconds: 300000000 → "5m". */
export function formatDuration(micros: number): string {
  if (micros === 0) return '0s'
  const parts: string[] = []
  let rest = micros
  for (const unit of ['d', 'h', 'm', 's', 'ms', 'us']) {
    const size = UNITS[unit] ?? 1
    const count = Math.floor(rest / size)
    if (count > 0) parts.push(`${count}${unit}`)
    rest -= count * size
  }
  return parts.join(' ')
}

function invalid(found: string): ConfigError {
  return new ConfigError({
    code: 'DURATION_INVALID',
    message: 'this is not a duration',
    expected: 'a number of milliseconds ≥ 0, or text such as "5s", "1m 30s", "250ms", "2h", "1d"',
    found: `"${found}"`,
    remedy: 'Write the duration with its unit.',
  })
}

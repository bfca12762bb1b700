// The daily rhythm: how many orders come at a time of day, as a factor of the mean: quiet nights, a
// peak at lunch and a larger one at dinner. The mean over a day is 1 (within 1 %).
const MICROS_PER_HOUR = 3_600_000_000

const NIGHT = 0.25
const LUNCH = { hour: 12.5, height: 2.2, width: 1.2 }
const DINNER = { hour: 19.2, height: 2.8, width: 1.6 }

export function dailyRhythm(micros: number): number {
  const hour = (micros / MICROS_PER_HOUR) % 24
  return NIGHT + bump(hour, LUNCH) + bump(hour, DINNER)
}

function bump(hour: number, peak: typeof LUNCH): number {
  const distance = (hour - peak.hour) / peak.width
  return peak.height * Math.exp((-distance * distance) / 2)
}

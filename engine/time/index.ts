// Event time: durations and watermarks.
export { type Duration, durationMicros, formatDuration } from './duration.ts'
export { WatermarkGenerator, type WatermarkPolicy } from './watermark-generator.ts'

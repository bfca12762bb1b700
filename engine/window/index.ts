// Windows in time: panes, window ends, lateness.
export {
  closingTime,
  expiryTime,
  firstOpenEnd,
  firstWindowEnd,
  lastClosedEnd,
  lastWindowEnd,
  paneStart,
  type WindowFrame,
  type WindowOptions,
  windowFrame,
} from './window-frame.ts'

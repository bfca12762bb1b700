// Observables of RxJS as sources and sinks, for programs that embed the engine.
export { type DecidedRows, type ObservableOutput, toObservable } from './observable-sink.ts'
export {
  type FromObservableOptions,
  fromObservable,
  type ObservableTopic,
} from './observable-source.ts'

// The two classes of RxJS that the engine stands on, from their own files: the package's index loads
// 220 files, which each command and each slot's thread would pay for with 0.1 s. They are the very
// classes that `import { … } from 'rxjs'` gives to a job.
export { Observable } from 'rxjs/internal/Observable'
export { Subject } from 'rxjs/internal/Subject'

// Failpoints: named places where a crash test ends the process as `kill -9` would.
// MILLRACE_FAILPOINT=name:count does so at the count-th time the place is reached, in whichever
// thread that is (each thread counts by itself). Unset, a failpoint costs one comparison.

/** Every failpoint of the protocol, in the order an epoch meets them. */
export const FAILPOINTS = [
  'commit.before-snapshot',
  'commit.after-snapshot',
  'commit.in-transaction',
  'commit.after',
  'deliver.before',
  'deliver.after',
  'delivered.before-mark',
  'delivered.in-transaction',
  'delivered.after-mark',
  'compact.before',
  'compact.in-transaction',
  'compact.after',
  'claim.in-transaction',
  'claim.after',
  'savepoint.before-rename',
  'savepoint.after-rename',
  'restore.before-swap',
  'restore.between-renames',
  'restore.after-swap',
] as const

/** Steps of a commit to a lake table: within `deliver.before` and `deliver.after`. */
export const LAKE_FAILPOINTS = [
  'delta.temporary.before',
  'delta.temporary.written',
  'delta.temporary.synced',
  'delta.linked',
  'delta.unlinked',
  'delta.folder.synced',
] as const

export type Failpoint = (typeof FAILPOINTS)[number] | (typeof LAKE_FAILPOINTS)[number]

const armed = parse(process.env.MILLRACE_FAILPOINT)

/** Ends the process here when this failpoint is armed and its count is reached. */
export function failpoint(name: Failpoint): void {
  if (armed === undefined || armed.name !== name) return
  armed.left--
  if (armed.left > 0) return
  process.kill(process.pid, 'SIGKILL')
  // The signal ends the process within the call; nothing of ours may run should it be late.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

function parse(setting: string | undefined): { readonly name: string; left: number } | undefined {
  if (setting === undefined || setting === '') return undefined
  const [name = '', count = '1'] = setting.split(':')
  return { name, left: Number(count) }
}

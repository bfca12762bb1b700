// Files that are whole or absent: a file is written under another name, fsynced, then linked to its
// own name, which fails when that name is taken; at last the folder is fsynced. `rename` would
// overwrite, and opening with `wx` can show half a file after a crash.
import { link, mkdir, open, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorCode, StorageError } from '../../engine/errors.ts'

/** Called before and after each step of a publication; tests end the process in it. */
export type StepHook = (step: PublishStep) => void

export type PublishStep =
  | 'delta.temporary.before'
  | 'delta.temporary.written'
  | 'delta.temporary.synced'
  | 'delta.linked'
  | 'delta.unlinked'
  | 'delta.folder.synced'

/**
 * Publishes `text` as `folder/name` unless that exists; false when it does.
 * @param temporaryName a name in the same folder that nobody else uses
 * @throws StorageError when the disk refuses; whether the file appeared is then unknown
 */
export async function publishFile(
  folder: string,
  name: string,
  temporaryName: string,
  text: string,
  hook: StepHook,
): Promise<boolean> {
  const temporary = join(folder, temporaryName)
  try {
    hook('delta.temporary.before')
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(text)
      hook('delta.temporary.written')
      await file.sync()
    } finally {
      await file.close()
    }
    hook('delta.temporary.synced')
    const isNew = await linkNew(temporary, join(folder, name))
    if (isNew) hook('delta.linked')
    await unlink(temporary)
    if (!isNew) return false
    hook('delta.unlinked')
    await syncFolder(folder)
    hook('delta.folder.synced')
    return true
  } catch (error) {
    throw storageError(`${name} could not be written to ${folder}`, error)
  }
}

async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a folder with its parents, durably. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    const first = await mkdir(folder, { recursive: true })
    if (first === undefined) return
    for (let at = folder; at.length >= first.length; at = dirname(at)) await syncFolder(dirname(at))
  } catch (error) {
    throw storageError(`the folder ${folder} could not be made`, error)
  }
}

export function storageError(message: string, cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause
  const code = errorCode(cause)
  return new StorageError({
    code: 'STORAGE',
    message,
    found: cause instanceof Error ? `${code} (${cause.message})` : code,
    remedy: 'Make room or grant access, then start again: nothing that was decided is lost.',
    cause,
  })
}

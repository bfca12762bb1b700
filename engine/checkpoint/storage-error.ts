// Names what LMDB and the file system raise: disk full, not writable, damaged, or failing.
import { existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorCode, MillraceError, StateCorruptError, StorageError } from '../errors.ts'

/** A disk with less room than this is what cut a write short. */
const ROOM_BYTES_MIN = 1024 * 1024

const FULL = /ENOSPC|EDQUOT|No space left|MDB_MAP_FULL|quota/i
const READ_ONLY = /EROFS|EACCES|EPERM|Permission denied|Read-only file system/i
const DAMAGED = /MDB_(CORRUPTED|INVALID|PAGE_NOTFOUND|PANIC|VERSION_MISMATCH|BAD_TXN|BAD_VALSIZE)/
const FAILED = /MDB_|EIO|EEXIST|EINVAL|ENOTDIR|EISDIR|ENOENT|EMFILE|ENOMEM|EBUSY|EXDEV|EFBIG/
// What LMDB makes of a write that the file system took only a part of.
const SHORT_WRITE = /Input\/output error|File too large/

/** The error as one of ours; errors of ours and of user code pass as they are. */
export function storageError(error: unknown, folder: string): Error {
  if (!(error instanceof Error)) return new Error(String(error))
  if (error instanceof MillraceError) return error
  const text = `${errorCode(error)} ${error.message}`
  const detail = { found: error.message, cause: error }
  if (FULL.test(text) || (SHORT_WRITE.test(text) && roomBytes(folder) < ROOM_BYTES_MIN)) {
    return new StorageError({
      ...detail,
      code: 'DISK_FULL',
      message: `there is no space to write ${folder}`,
      remedy: 'Free space and start again: nothing that was decided is lost.',
    })
  }
  if (READ_ONLY.test(text)) {
    return new StorageError({
      ...detail,
      code: 'FOLDER_READ_ONLY',
      message: `${folder} can not be written`,
      remedy: 'Give this user the right to write there, or name another --data folder.',
    })
  }
  if (DAMAGED.test(text)) {
    return new StateCorruptError({
      ...detail,
      code: 'STORE_CORRUPT',
      message: `the stored state in ${folder} is damaged`,
      remedy: 'Restore a savepoint, or begin anew in an empty data folder.',
    })
  }
  if (FAILED.test(text) || SHORT_WRITE.test(text)) {
    return new StorageError({
      ...detail,
      code: 'STORAGE_FAILED',
      message: `${folder} can not be used`,
      remedy: 'Check the disk and the folder, and start again: nothing that was decided is lost.',
    })
  }
  return error
}

function roomBytes(folder: string): number {
  let place = folder
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place)
  const { bavail, bsize } = statfsSync(place)
  return bavail * bsize
}

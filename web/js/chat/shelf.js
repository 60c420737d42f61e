/**
 * Contents of files that wait to be sent, in the browser's database, so that they outlive a reload.
 *
 * Where the browser refuses, they are kept as long as the page is.
 */

const NAME = "candor-files";
const FILES = "files";

/** @type {Map<string, Blob>} */
const inPage = new Map();

/** @param {string} identity whose they are */
export const shelfOf = (identity) => ({
  /** @param {string} key @param {Blob} blob */
  put: async (key, blob) => {
    inPage.set(key, blob);
    await within("readwrite", (files) => files.put(blob, `${identity}.${key}`)).catch(() => {});
  },
  /** @param {string} key @returns {Promise<Blob | null>} */
  get: async (key) =>
    inPage.get(key) ?? (await within("readonly", (files) => files.get(`${identity}.${key}`)).catch(() => null)) ?? null,
  /** @param {string} key */
  drop: async (key) => {
    inPage.delete(key);
    await within("readwrite", (files) => files.delete(`${identity}.${key}`)).catch(() => {});
  },
});

/** Everything of somebody who signs out. @param {string} identity */
export async function emptyShelf(identity) {
  // The slash is the sign behind the dot.
  const all = IDBKeyRange.bound(`${identity}.`, `${identity}/`);
  await within("readwrite", (files) => files.delete(all)).catch(() => {});
}

/**
 * @template Result
 * @param {IDBTransactionMode} mode
 * @param {(files: IDBObjectStore) => IDBRequest<Result>} act
 * @returns {Promise<Result>}
 */
async function within(mode, act) {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(FILES);
  const database = await settled(opening);
  try {
    return await settled(act(database.transaction(FILES, mode).objectStore(FILES)));
  } finally {
    database.close();
  }
}

/** @template Result @param {IDBRequest<Result>} request @returns {Promise<Result>} */
const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

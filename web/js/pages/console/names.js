/** What people are called, for whoever is known by an identity only. */

import { signal } from "@preact/signals";
import { usersFrom } from "../../console/operating.js";
import { calledName } from "../../session.js";

const names = signal(/** @type {ReadonlyMap<string, string>} */ (new Map()));

/** Ask for everybody, page by page; what has come is shown already. */
export async function learnNames() {
  /** @type {string | null} */
  let cursor = "";
  while (cursor !== null) {
    /** @type {Awaited<ReturnType<typeof usersFrom>> | null} */
    const page = await usersFrom(cursor).catch(() => null);
    if (page === null) return;
    names.value = new Map([...names.value, ...page.users.map((user) => /** @type {const} */ ([user.id, calledName(user)]))]);
    cursor = page.next;
  }
}

/** Encoders that publish have no account, and are called what they call themselves. @param {string} identity */
export const nameOf = (identity) => names.value.get(identity) ?? identity;

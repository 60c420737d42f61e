/** What is unread in the call's chat: as the server counts it, so that reading elsewhere counts, too. */

import { useEffect, useState } from "preact/hooks";
import { talks } from "../../chats.js";
import { listen } from "../../ui/own-line.js";

/** @param {string} room @returns {number} up to 1,000 */
export function useUnread(room) {
  const [unread, setUnread] = useState(0);
  useEffect(() => {
    // Unread messages are what puts a conversation on the first page.
    const look = async () => {
      const { conversations } = await talks();
      setUnread(conversations.find((one) => one.room === room)?.unread ?? 0);
    };
    return listen(
      (told) => told.type === "unread_news" && told.room === room && setUnread(told.unread),
      () => look().catch(() => {}),
    );
  }, [room]);
  return unread;
}

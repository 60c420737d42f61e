/** What became of the challenges of others, for those who moderate; one short sentence each. */

import { useEffect } from "preact/hooks";
import { text } from "../../i18n.js";
import { announce } from "../../ui/toast.js";

/** @param {{call: import("../../call/in-call.js").InCall}} properties */
export function ChallengeNews({ call }) {
  useEffect(
    () =>
      call.stay.on("told", ({ type, identity, state }) => {
        if (type !== "challenge_news" || identity === call.identity) return;
        const name = call.roster.value.get(identity)?.name ?? "";
        announce(text(`challenge.news.${state}`, { name }));
      }),
    [call],
  );
  return null;
}

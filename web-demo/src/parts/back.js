/** The page was come back to from a provider: what was begun there is finished, and the view says how it went. */

import { act } from "../client.js";
import { notice } from "./dom.js";
import { noticeFor } from "./providers.js";

/** What the view that is shown then has to say; nothing where nobody came back. */
export const comeBack = async () => {
  const result = await act("Come back from the provider", (client) => client.completeRedirect());
  if (result === null) return null;
  if (!result.ok) return { note: await noticeFor(result, result.provider) };
  if (result.status === "linked") {
    const text = `From now on you can log in with ${result.identity.label} too.`;
    return { note: notice("good", "Linked", text) };
  }
  const { provider, created } = result;
  return { provider, created };
};

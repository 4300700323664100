import type { Versions as Found, Message } from "hubbub-client";
import { useEffect, useState } from "preact/hooks";
import { errorText } from "../../lib/errors";
import { fullText } from "../../lib/time";
import { Dialog } from "../../parts/Dialog";
import { FormProblem } from "../../parts/Field";
import { Prose } from "../../parts/Prose";
import { client } from "../../state/connection";

/** All texts that a message had, the newest first. */
export function Versions({ message }: { message: Message }) {
  const { room, seq, state } = message;
  const [found, setFound] = useState<Found | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    client()
      .versions(room, seq)
      .then(setFound, (error) => setProblem(errorText(error)));
  }, [state?.seq]);
  const newestFirst = found?.versions.toReversed() ?? [];
  return (
    <Dialog title="Earlier versions" class="dialog-tall">
      <FormProblem text={problem} />
      {found === null && problem === "" && <span class="bone bone-room bone-86" aria-hidden="true" />}
      <ol class="versions">
        {newestFirst.map(({ text, ts }, at) => (
          <li key={ts}>
            <p class="version-time">
              {fullText(ts)}
              {at === 0 && <span class="tag">now</span>}
              {at === newestFirst.length - 1 && found?.more !== true && <span class="tag">first</span>}
            </p>
            <Prose text={text} />
          </li>
        ))}
      </ol>
      {found?.more === true && <p class="note">There were still earlier ones.</p>}
    </Dialog>
  );
}

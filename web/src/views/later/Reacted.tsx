import type { Message, Reaction } from "hubbub-client";
import { useEffect, useState } from "preact/hooks";
import { errorText } from "../../lib/errors";
import { Avatar } from "../../parts/Avatar";
import { Dialog } from "../../parts/Dialog";
import { client } from "../../state/connection";
import { displayName } from "../../state/people";
import { me } from "../../state/session";
import { seekTitles } from "../../state/titles";

const PAGE = 50;

/** Who reacted to a message, by emoji. */
export function Reacted({ message }: { message: Message }) {
  const reactions = message.state?.reactions ?? [];
  return (
    <Dialog title="Reactions" class="dialog-tall">
      {reactions.length === 0 && <p class="note">Nobody has reacted to this message.</p>}
      {reactions.map((reaction) => (
        <People key={reaction.emoji} message={message} reaction={reaction} />
      ))}
    </Dialog>
  );
}

function People({ message, reaction }: { message: Message; reaction: Reaction }) {
  const { room, seq } = message;
  const { emoji, count } = reaction;
  const [further, setFurther] = useState<readonly string[]>([]);
  const [problem, setProblem] = useState("");
  const names = [...new Set([...(reaction.users ?? []), ...further])];
  useEffect(() => {
    void seekTitles(room, names);
  }, [names.length]);
  const load = async (): Promise<void> => {
    setProblem("");
    try {
      const page = await client().reactions(room, seq, emoji, further.at(-1), PAGE);
      setFurther([...further, ...page.users]);
    } catch (error) {
      setProblem(errorText(error));
    }
  };
  return (
    <section class="reacted">
      <h3>
        {emoji} <span class="count">{count}</span>
      </h3>
      <ul class="people">
        {names.map((name) => (
          <li key={name} class="person">
            <Avatar name={name} title={displayName(name)} size="s" />
            <span class="person-name">
              {displayName(name)}
              {name === me.value?.name && <span class="you">you</span>}
            </span>
          </li>
        ))}
      </ul>
      {problem && <p class="note note-wrong">{problem}</p>}
      {names.length < count && (
        <button type="button" class="button button-small" onClick={load}>
          Show more
        </button>
      )}
    </section>
  );
}

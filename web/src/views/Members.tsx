import type { Member } from "hubbub-client";
import { useEffect, useState } from "preact/hooks";
import { errorText } from "../lib/errors";
import { plural } from "../lib/text";
import { Avatar } from "../parts/Avatar";
import { Icon } from "../parts/Icon";
import { client, coming, connected } from "../state/connection";
import { openDialog } from "../state/dialogs";
import { hideMembers } from "../state/panel";
import { byName, displayName, learnTitles, online } from "../state/people";
import type { MyRoom } from "../state/rooms";
import { me } from "../state/session";

const PAGE = 100;

interface Loaded {
  members: readonly Member[];
  more: boolean;
  total: number;
}

/** Who is in the open room: those who are here now, then everybody, page by page. */
export function Members({ room }: { room: MyRoom }) {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [problem, setProblem] = useState("");

  const load = async (after?: string): Promise<void> => {
    setProblem("");
    try {
      const page = await client().members(room.id, after, PAGE);
      learnTitles(page.members);
      setLoaded((before) => ({
        members: after === undefined ? page.members : [...(before?.members ?? []), ...page.members],
        more: page.more,
        total: page.total,
      }));
    } catch (error) {
      setProblem(errorText(error));
    }
  };

  const { known, count, names } = online.value;
  const here = [...names].sort((a, b) => displayName(a).localeCompare(displayName(b)));
  // Somebody new is online: the list of members may have grown.
  const strangers =
    loaded !== null && !loaded.more && here.some((n) => !loaded.members.some((m) => m.name === n));
  useEffect(() => {
    if (connected.value) load();
  }, [connected.value, strangers]);

  const away = (loaded?.members ?? []).filter((member) => !names.has(member.name)).sort(byName);
  return (
    <aside class="members" aria-label={`Members of ${room.title}`}>
      <header class="members-head">
        <h2>Members</h2>
        <button type="button" class="icon-button" aria-label="Hide members" onClick={hideMembers}>
          <Icon name="close" />
        </button>
      </header>
      <div class="members-scroll">
        <h3>Here now{known && count > 0 && <span class="count">{count}</span>}</h3>
        {here.length > 0 ? (
          <ul class="people">
            {here.map((name) => (
              <Person key={name} name={name} here />
            ))}
          </ul>
        ) : (
          <p class="members-note">{hereNote(known, count)}</p>
        )}
        {(away.length > 0 || loaded?.more) && (
          <>
            <h3>{!known || count > names.size ? "Members" : "Away"}</h3>
            <ul class="people people-away">
              {away.map((member) => (
                <Person key={member.name} name={member.name} here={false} />
              ))}
            </ul>
          </>
        )}
        {problem && <p class="members-note">{problem}</p>}
        {loaded === null && !coming.value && (
          <p class="members-note">
            The members are not loaded yet. They come as soon as the server can be reached.
          </p>
        )}
        {loaded?.more && (
          <button type="button" class="button button-small" onClick={() => load(loaded.members.at(-1)?.name)}>
            Show more
          </button>
        )}
        {loaded !== null && <p class="members-note">{plural(loaded.total, "member")} in all</p>}
      </div>
      <footer class="members-foot">
        <button type="button" class="button button-quiet" onClick={() => openDialog("leave")}>
          <Icon name="leave" size={18} />
          Leave room
        </button>
      </footer>
    </aside>
  );
}

function hereNote(known: boolean, count: number): string {
  if (!known) return coming.value ? "…" : "Not known while the server can't be reached.";
  return count > 0 ? `${plural(count, "person", "people")} are here: too many to name.` : "Nobody right now.";
}

function Person({ name, here }: { name: string; here: boolean }) {
  const title = displayName(name);
  return (
    <li class="person">
      <span class={here ? "person-face person-here" : "person-face"}>
        <Avatar name={name} title={title} size="s" />
      </span>
      <span class="person-name">
        {title}
        {name === me.value?.name && <span class="you">you</span>}
      </span>
      {title !== name && <span class="person-id">{name}</span>}
    </li>
  );
}

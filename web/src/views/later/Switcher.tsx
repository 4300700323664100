import { useState } from "preact/hooks";
import { isComposing } from "../../lib/keys";
import { matchRooms } from "../../lib/match";
import { badge } from "../../lib/text";
import { Dialog } from "../../parts/Dialog";
import { Icon } from "../../parts/Icon";
import { RoomSkeleton } from "../../parts/Skeleton";
import { orderedRooms, roomsLoaded } from "../../state/rooms";
import { go } from "../../state/route";

/** Jump to a room by a few letters of its name: a combobox whose list is always open. */
export function Switcher() {
  const [query, setQuery] = useState("");
  const [index, setIndex] = useState(0);
  const found = matchRooms(orderedRooms.value, query).slice(0, 12);
  const active = Math.min(index, found.length - 1);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (isComposing(event)) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      setIndex((active + by + found.length) % Math.max(1, found.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      const room = found[active];
      if (room !== undefined) go(room.id);
    }
  };

  return (
    <Dialog title="Find a room" bare class="dialog-switcher">
      <div class="switcher-input">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-label="Room name"
          aria-expanded="true"
          aria-controls="switcher-list"
          aria-autocomplete="list"
          aria-activedescendant={found[active] ? `switch-${found[active].id}` : undefined}
          placeholder="Where to?"
          maxLength={80}
          autocomplete="off"
          spellcheck={false}
          data-autofocus=""
          value={query}
          onInput={(event) => {
            setQuery(event.currentTarget.value);
            setIndex(0);
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
      </div>
      <div id="switcher-list" role="listbox" aria-label="Rooms" class="switcher-list">
        {found.map((room, at) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox handles the keys
          <div
            key={room.id}
            id={`switch-${room.id}`}
            role="option"
            tabIndex={-1}
            aria-selected={at === active}
            class="switcher-item"
            onClick={() => go(room.id)}
          >
            <span class="nav-glyph" aria-hidden="true">
              #
            </span>
            <span class="nav-title">{room.title}</span>
            {room.tally.unread > 0 && <span class="badge">{badge(room.tally.unread)}</span>}
          </div>
        ))}
      </div>
      {found.length === 0 && <Nothing query={query} />}
    </Dialog>
  );
}

/** Why there is no room to choose. */
function Nothing({ query }: { query: string }) {
  if (!roomsLoaded.value) return <RoomSkeleton />;
  const none = orderedRooms.value.length === 0;
  return (
    <p class="switcher-none">
      {none ? "You are in no room yet." : `No room of yours matches “${query.trim()}”.`}
    </p>
  );
}

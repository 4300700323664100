import { useEffect } from "preact/hooks";
import { isComposing } from "../lib/keys";
import { OnTop } from "../parts/Dialog";
import { connected } from "../state/connection";
import { closeDialog, dialog, dialogs, openDialog } from "../state/dialogs";
import { goLive } from "../state/live";
import { hideMembersIfNarrow, membersShown } from "../state/panel";
import { openRoom, step } from "../state/rooms";
import { place } from "../state/route";
import { Conversation } from "./Conversation";
import { Later, loadLater } from "./Later";
import { Members } from "./Members";
import { Sidebar } from "./Sidebar";

/** The app of a signed-in user: rooms, conversation, members. On a phone one of them at a time. */
export function Shell() {
  useEffect(goLive, []);
  useEffect(() => {
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
  const ready = connected.value;
  useEffect(() => {
    if (ready) void loadLater();
  }, [ready]);
  const room = openRoom.value;
  const members = room !== null && membersShown.value;
  const pane = place.value.kind === "home" ? "pane-rooms" : members ? "pane-members" : "pane-room";
  return (
    <div class={`shell ${pane} ${members ? "with-members" : ""}`}>
      <button type="button" class="skip" onClick={toComposer}>
        Skip to the message field
      </button>
      <Sidebar />
      <main class="conversation">
        <Conversation />
      </main>
      {members && <Members key={room.id} room={room} />}
      <Dialogs />
    </div>
  );
}

function toComposer(): void {
  document.getElementById("composer")?.focus();
}

/** All that are open: one behind another keeps what was typed into it. */
function Dialogs() {
  const open = dialogs.value;
  return (
    <>
      {open.map((layer, at) => (
        <OnTop.Provider key={`${at} ${layer.name}`} value={at === open.length - 1}>
          <Later layer={layer} />
        </OnTop.Provider>
      ))}
    </>
  );
}

function onKeyDown(event: KeyboardEvent): void {
  if (isComposing(event)) return;
  if (
    (event.ctrlKey || event.metaKey) &&
    !event.shiftKey &&
    !event.altKey &&
    event.key.toLowerCase() === "k"
  ) {
    event.preventDefault();
    if (dialog.peek() === "switcher") closeDialog();
    else openDialog("switcher");
  } else if (
    event.altKey &&
    (event.key === "ArrowUp" || event.key === "ArrowDown") &&
    dialog.peek() === null
  ) {
    event.preventDefault();
    step(event.key === "ArrowUp" ? -1 : 1);
  } else if (event.key === "/" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (dialog.peek() === "keys") closeDialog();
    else openDialog("keys");
  } else if (event.key === "Escape" && dialog.peek() === null) {
    hideMembersIfNarrow();
    toComposer();
  }
}

import { useState } from "preact/hooks";
import { openDialog } from "../state/dialogs";
import { rooms } from "../state/rooms";
import { me, server } from "../state/session";

/** In the first room of a new server, for who has set it up: what to do next. */
export function FirstSteps() {
  if (!me.value?.admin || rooms.value.size > 1) return null;
  const open = server.value?.signup === "open";
  return (
    <section class="first-steps" aria-label="What to do next">
      <h3>What to do next</h3>
      <ul>
        <li>
          <p>
            <strong>Let others in.</strong>{" "}
            {open
              ? "They open this address and create an account:"
              : "Nobody can create an account at the moment: that is a switch in your account."}
          </p>
          {open ? (
            <Address />
          ) : (
            <button type="button" class="button button-small" onClick={() => openDialog("account")}>
              Your account
            </button>
          )}
        </li>
        <li>
          <p>
            <strong>Open more rooms,</strong> one for each thing that people talk about.
          </p>
          <button type="button" class="button button-small" onClick={() => openDialog("new-room")}>
            Create a room
          </button>
        </li>
      </ul>
    </section>
  );
}

/** Where the server is, to be copied. Without a secure context a browser lets nobody copy but the user. */
function Address() {
  const [copied, setCopied] = useState(false);
  const address = location.origin;
  const copy = (): void => {
    navigator.clipboard.writeText(address).then(
      () => setCopied(true),
      () => undefined,
    );
  };
  return (
    <p class="first-address">
      <code>{address}</code>
      {navigator.clipboard !== undefined && (
        <button type="button" class="button button-small" onClick={copy}>
          {copied ? "Copied" : "Copy"}
        </button>
      )}
    </p>
  );
}

import { useEffect, useRef, useState } from "preact/hooks";
import { errorText } from "../../lib/errors";
import { Dialog } from "../../parts/Dialog";
import { Field, FormProblem } from "../../parts/Field";
import { connected } from "../../state/connection";
import { closeDialog } from "../../state/dialogs";
import { notify } from "../../state/notices";
import { changeRoom, type MyRoom } from "../../state/rooms";

/** Another name or description for a room. */
export function RoomSettings({ room }: { room: MyRoom }) {
  const [title, setTitle] = useState(room.title);
  const [topic, setTopic] = useState(room.topic);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const open = useRef(true);
  useEffect(
    () => () => {
      open.current = false;
    },
    [],
  );
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy || title.trim() === "") return;
    if (title.trim() === room.title && topic.trim() === room.topic) return closeDialog();
    setBusy(true);
    setProblem("");
    try {
      await changeRoom(room.id, title.trim(), topic.trim());
      if (open.current) closeDialog();
    } catch (error) {
      if (!open.current) notify(`The room was not changed. ${errorText(error)}`);
      setProblem(errorText(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Name and description" lead="Everyone in the room sees that you have changed them.">
      <form class="form" onSubmit={submit}>
        <Field
          label="Name"
          value={title}
          onValue={setTitle}
          maxLength={80}
          required
          focus
          autocomplete="off"
        />
        <Field
          label="What it is about (optional)"
          value={topic}
          onValue={setTopic}
          maxLength={250}
          autocomplete="off"
        />
        <p class="note">The address stays /r/{room.id}.</p>
        <FormProblem text={problem} />
        <div class="form-actions">
          <button type="button" class="button" onClick={closeDialog}>
            Cancel
          </button>
          <button type="submit" class="button button-main" aria-disabled={busy}>
            {busy ? (connected.value ? "Saving…" : "Waiting for the connection…") : "Save"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

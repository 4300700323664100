import { useState } from "preact/hooks";
import { errorCode, errorText } from "../../lib/errors";
import { isSlug, SLUG_MAX, slugOf } from "../../lib/slug";
import { Dialog } from "../../parts/Dialog";
import { Field, FormProblem } from "../../parts/Field";
import { closeDialog } from "../../state/dialogs";
import { createRoom } from "../../state/rooms";
import type { Layer } from "../../state/route";

export function NewRoom({ begin }: { begin: Pick<Layer, "title" | "room"> }) {
  const [title, setTitle] = useState(begin.title ?? "");
  const [topic, setTopic] = useState("");
  const [ownSlug, setOwnSlug] = useState<string | null>(begin.room ?? null);
  const [problem, setProblem] = useState("");
  const [taken, setTaken] = useState("");
  const [busy, setBusy] = useState(false);
  const slug = ownSlug ?? slugOf(title);
  const slugProblem = slugNote(slug, ownSlug !== null, taken);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    if (!isSlug(slug)) {
      setProblem("Give the room a name with at least one letter or digit.");
      return;
    }
    setBusy(true);
    setProblem("");
    try {
      await createRoom(slug, title.trim(), topic.trim());
    } catch (error) {
      if (errorCode(error) === "room_exists") setTaken(slug);
      else setProblem(errorText(error));
      setBusy(false);
    }
  };

  return (
    <Dialog title="Create a room" lead="Everyone on this server can find it and join.">
      <form class="form" onSubmit={submit}>
        <Field
          label="Name"
          value={title}
          onValue={setTitle}
          maxLength={80}
          required
          focus
          placeholder="Coffee corner"
          autocomplete="off"
        />
        <Field
          label="Address"
          prefix="/r/"
          value={slug}
          onValue={(value) => setOwnSlug(value === "" ? null : value.toLowerCase())}
          maxLength={SLUG_MAX}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          hint="Made from the name. It stays the same when the name changes."
          {...(slugProblem ? { problem: slugProblem } : {})}
        />
        <Field
          label="What it is about (optional)"
          value={topic}
          onValue={setTopic}
          maxLength={250}
          autocomplete="off"
        />
        <FormProblem text={problem} />
        <div class="form-actions">
          <button type="button" class="button" onClick={closeDialog}>
            Cancel
          </button>
          <button type="submit" class="button button-main" aria-disabled={busy}>
            {busy ? "Creating…" : "Create room"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function slugNote(slug: string, own: boolean, taken: string): string {
  if (slug !== "" && slug === taken) return "A room with this address exists. Choose another one.";
  if (own && !isSlug(slug)) return "Lower-case letters, digits, dashes and underscores only.";
  return "";
}

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/Icon";
import { Splash } from "../parts/Splash";
import { closeDialog } from "../state/dialogs";
import type { Layer } from "../state/route";

type Loaded = typeof import("./later/index");

/** What nobody needs before the first message is on the screen, the forms and the dialogs: a chunk of their own. */
const loaded = signal<Loaded | null>(null);
const missing = signal(false);

const WHY = "The server can’t be reached right now, or has a newer version: then reload the page.";

/** Bring them before they are needed: there may be no connection then. */
export async function loadLater(): Promise<void> {
  if (loaded.peek() !== null) return;
  missing.value = false;
  try {
    loaded.value = await import("./later/index");
  } catch {
    missing.value = true;
  }
}

/** A dialog, or why it is not there. */
export function Later({ layer }: { layer: Layer }) {
  useEffect(() => void loadLater(), []);
  if (loaded.value !== null) return <loaded.value.LaterDialog layer={layer} />;
  if (!missing.value) return null;
  return (
    <Dialog title="This part is not loaded">
      <p class="problem">
        <Icon name="alert" size={18} />
        <span>{WHY}</span>
      </p>
      <div class="form-actions">
        <button type="button" class="button" onClick={closeDialog}>
          Close
        </button>
        <button type="button" class="button button-main" data-autofocus="" onClick={loadLater}>
          Try again
        </button>
      </div>
    </Dialog>
  );
}

/** The forms of who is not signed in. */
export function LaterWelcome() {
  useEffect(() => void loadLater(), []);
  if (loaded.value !== null) return <loaded.value.Welcome />;
  return <Splash problem={missing.value ? WHY : ""} again={loadLater} />;
}

import type { SessionInfo } from "hubbub-client";
import { useEffect, useState } from "preact/hooks";
import { errorText } from "../../lib/errors";
import { agoText, fullText } from "../../lib/time";
import { Avatar } from "../../parts/Avatar";
import { Dialog } from "../../parts/Dialog";
import { Field, FormProblem } from "../../parts/Field";
import { Icon } from "../../parts/Icon";
import { ThemeSwitch } from "../../parts/ThemeSwitch";
import { api } from "../../state/api";
import { minute } from "../../state/clock";
import { connected } from "../../state/connection";
import { openDialog } from "../../state/dialogs";
import { displayName } from "../../state/people";
import { changeTitle, me, server, signOut } from "../../state/session";
import { PasswordPart } from "./Password";

/** Everything about the user and this browser: name, look, devices, and for an administrator the door. */
export function Account() {
  const [problem, setProblem] = useState("");
  const [passwords, setPasswords] = useState(0);
  const user = me.value;
  if (user === null) return null;
  const title = displayName(user.name);
  /** Do something, and show why it could not be done. */
  const attempt = async (what: () => Promise<void>): Promise<void> => {
    setProblem("");
    try {
      await what();
    } catch (error) {
      setProblem(errorText(error));
    }
  };
  return (
    <Dialog title="Your account" class="dialog-tall">
      <div class="account-head">
        <Avatar name={user.name} title={title} size="l" />
        <div>
          <p class="account-title">{title}</p>
          <p class="account-name">
            {user.name}
            {user.admin && <span class="tag">admin</span>}
          </p>
        </div>
      </div>
      <FormProblem text={problem} />
      <TitleForm title={user.title ?? ""} attempt={attempt} />
      <section class="account-part">
        <h3>Appearance</h3>
        <ThemeSwitch />
      </section>
      {user.admin && <Door attempt={attempt} />}
      <PasswordPart changed={() => setPasswords((count) => count + 1)} />
      <Devices key={passwords} attempt={attempt} />
      <div class="form-actions">
        <button type="button" class="button button-quiet" onClick={() => openDialog("keys")}>
          Keyboard shortcuts
        </button>
        <button type="button" class="button" onClick={() => attempt(signOut)}>
          <Icon name="leave" size={18} />
          Sign out
        </button>
      </div>
    </Dialog>
  );
}

type Attempt = (what: () => Promise<void>) => Promise<void>;

function TitleForm({ title, attempt }: { title: string; attempt: Attempt }) {
  const [value, setValue] = useState(title);
  const changed = value.trim() !== title;
  const submit = (event: Event): void => {
    event.preventDefault();
    attempt(() => changeTitle(value.trim()));
  };
  return (
    <form class="account-title-form" onSubmit={submit}>
      <Field label="Your name" value={value} onValue={setValue} maxLength={80} autocomplete="name" />
      <button type="submit" class="button" disabled={!changed}>
        Save
      </button>
    </form>
  );
}

/** Who may come in: an administrator's switch. */
function Door({ attempt }: { attempt: Attempt }) {
  const open = server.value?.signup === "open";
  const change = (): Promise<void> =>
    attempt(async () => {
      server.value = await api.updateServer({ signup: open ? "closed" : "open" });
    });
  return (
    <section class="account-part">
      <h3>This server</h3>
      <label class="switch">
        <input type="checkbox" role="switch" checked={open} aria-checked={open} onChange={change} />
        <span>
          <strong>Anyone can create an account</strong>
          <span>{open ? "Visitors of the sign-in page can sign up." : "Nobody new can sign up."}</span>
        </span>
      </label>
    </section>
  );
}

const NOT_LOADED = "Your devices are not loaded yet. They come as soon as the server can be reached.";

function Devices({ attempt }: { attempt: Attempt }) {
  const [sessions, setSessions] = useState<readonly SessionInfo[] | null>(null);
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    api.sessions().then(setSessions, () => setMissing(true));
  }, [connected.value]);
  const end = (id: string): Promise<void> =>
    attempt(async () => {
      await api.endSession(id);
      setSessions((before) => before?.filter((session) => session.id !== id) ?? null);
    });
  const now = minute.value;
  return (
    <section class="account-part">
      <h3>Where you are signed in</h3>
      {sessions === null && !missing && <span class="bone bone-room bone-86" aria-hidden="true" />}
      {sessions === null && missing && <p class="note">{NOT_LOADED}</p>}
      <ul class="devices">
        {sessions?.map((session) => (
          <li key={session.id} class="device">
            <Icon name="device" />
            <div>
              <p>
                <strong>{session.device || "Unnamed device"}</strong>
              </p>
              <p class="device-seen" title={fullText(session.seen_ms)}>
                {session.current ? "This device" : `Last seen ${agoText(session.seen_ms, now)}`}
              </p>
            </div>
            {!session.current && (
              <button
                type="button"
                class="button button-small"
                aria-label={`End the session of ${session.device || "this device"}`}
                onClick={() => end(session.id)}
              >
                End
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

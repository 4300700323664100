import { useEffect, useRef, useState } from "preact/hooks";
import { errorCode, errorText } from "../../lib/errors";
import { FormProblem, PasswordField } from "../../parts/Field";
import { api } from "../../state/api";
import { me } from "../../state/session";

/** Another password for the account. `changed` is called when it counts: all other devices are signed out then. */
export function PasswordPart({ changed }: { changed: () => void }) {
  const [open, setOpen] = useState(false);
  const [done, setDone] = useState(false);
  const finish = (): void => {
    setOpen(false);
    setDone(true);
    changed();
  };
  return (
    <section class="account-part">
      <h3>Password</h3>
      {open ? (
        <PasswordForm finish={finish} cancel={() => setOpen(false)} />
      ) : (
        <div>
          <button type="button" class="button" onClick={() => setOpen(true)}>
            Change password
          </button>
        </div>
      )}
      <p role="status" class="note">
        {done && !open && "Your password has been changed. All other devices have been signed out."}
      </p>
    </section>
  );
}

function PasswordForm({ finish, cancel }: { finish: () => void; cancel: () => void }) {
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>("[data-autofocus]")?.focus(), []);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    setProblem("");
    setBusy(true);
    try {
      await api.changePassword(old, fresh);
      finish();
    } catch (error) {
      const wrong = errorCode(error) === "wrong_credentials";
      setProblem(wrong ? "The current password is wrong." : errorText(error));
      setBusy(false);
    }
  };
  return (
    <form ref={form} class="form" onSubmit={submit}>
      {/* So that a password manager knows whose password this is. */}
      <input type="text" autocomplete="username" value={me.value?.name ?? ""} readOnly hidden />
      <PasswordField
        label="Current password"
        value={old}
        onValue={setOld}
        autocomplete="current-password"
        required
        maxLength={256}
        focus
      />
      <PasswordField
        label="New password"
        value={fresh}
        onValue={setFresh}
        autocomplete="new-password"
        required
        minLength={8}
        maxLength={256}
        hint="At least 8 characters. All other devices will be signed out."
      />
      <FormProblem text={problem} />
      <div class="account-password-actions">
        <button type="submit" class="button button-main" aria-disabled={busy}>
          {busy ? "Changing…" : "Save the new password"}
        </button>
        <button type="button" class="button button-quiet" onClick={cancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}

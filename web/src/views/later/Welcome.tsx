import { useEffect, useState } from "preact/hooks";
import { errorText } from "../../lib/errors";
import { Field, FormProblem, PasswordField } from "../../parts/Field";
import { Wordmark } from "../../parts/Logo";
import { untold } from "../../state/leaving";
import { FIRST_ROOM } from "../../state/rooms";
import { closeLayers, place } from "../../state/route";
import { lastName, notice, server, serverName, setUp, signIn, signUp, stage } from "../../state/session";

type Mode = "setup" | "sign-in" | "sign-up";

const WORDS: Readonly<Record<Mode, { title: string; lead: string; button: string; busy: string }>> = {
  setup: {
    title: "Create the administrator account",
    lead: "Your server is running. This first account looks after it.",
    button: "Create account",
    busy: "Creating…",
  },
  "sign-in": {
    title: "Welcome back",
    lead: "Sign in to join the conversation.",
    button: "Sign in",
    busy: "Signing in…",
  },
  "sign-up": {
    title: "Create your account",
    lead: "A name and a password are all it takes.",
    button: "Create account",
    busy: "Creating…",
  },
};

/** What a visitor sees who is not signed in. */
export function Welcome() {
  useEffect(closeLayers, []); // the page was loaded anew with a dialog open, and the login has ended meanwhile
  const [wants, setWants] = useState<"sign-in" | "sign-up">("sign-in");
  const mode: Mode = stage.value === "setup" ? "setup" : wants;
  const signup = server.value?.signup;
  return (
    <div class="welcome">
      <Scene />
      <main class="welcome-main">
        <div class="welcome-card">
          <Wordmark name={serverName()} size={36} />
          <AccountForm key={mode} mode={mode} />
          {mode === "sign-in" && signup === "open" && (
            <p class="welcome-switch">
              New here?{" "}
              <button type="button" class="link" onClick={() => setWants("sign-up")}>
                Create an account
              </button>
            </p>
          )}
          {mode === "sign-in" && signup === "closed" && (
            <p class="welcome-switch">New here? Ask your administrator for an account.</p>
          )}
          {mode === "sign-up" && (
            <p class="welcome-switch">
              You have an account?{" "}
              <button type="button" class="link" onClick={() => setWants("sign-in")}>
                Sign in
              </button>
            </p>
          )}
        </div>
      </main>
    </div>
  );
}

function AccountForm({ mode }: { mode: Mode }) {
  const [name, setName] = useState(mode === "sign-in" ? lastName.peek() : "");
  const [title, setTitle] = useState("");
  const [password, setPassword] = useState("");
  const [room, setRoom] = useState(FIRST_ROOM);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const words = WORDS[mode];
  const fresh = mode !== "sign-in";

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    setProblem("");
    setBusy(true);
    try {
      if (mode === "setup") await setUp(name.trim(), password, title.trim(), room.trim());
      else if (fresh) await signUp(name.trim(), password, title.trim());
      else await signIn(name.trim(), password);
    } catch (error) {
      setProblem(errorText(error));
      setBusy(false);
    }
  };

  return (
    <form class="form" onSubmit={submit}>
      <div>
        <h1>{words.title}</h1>
        <p class="lead">{words.lead}</p>
      </div>
      <Notice shown={!fresh} />
      {fresh && (
        <Field
          label="Your name"
          value={title}
          onValue={setTitle}
          autocomplete="name"
          maxLength={80}
          placeholder="Ada Lovelace"
          hint="How others see you. You can change it later."
        />
      )}
      <Field
        label="User name"
        value={name}
        onValue={(value) => setName(value.toLowerCase())}
        autocomplete="username"
        autocapitalize="none"
        spellcheck={false}
        required
        maxLength={32}
        {...(fresh
          ? { hint: "Lower-case letters, digits, dots and dashes. It stays as it is.", placeholder: "ada" }
          : {})}
      />
      <PasswordField
        label="Password"
        value={password}
        onValue={setPassword}
        autocomplete={fresh ? "new-password" : "current-password"}
        required
        minLength={fresh ? 8 : 1}
        maxLength={256}
        {...(fresh ? { hint: "At least 8 characters." } : {})}
      />
      {mode === "setup" && (
        <Field
          label="First room"
          value={room}
          onValue={setRoom}
          autocomplete="off"
          maxLength={80}
          hint="Where everybody meets. There can be more later."
        />
      )}
      <FormProblem text={problem} />
      <button type="submit" class="button button-main button-wide" aria-disabled={busy}>
        {busy ? words.busy : words.button}
      </button>
    </form>
  );
}

/** What a visitor has to know: why they are here who were signed in before, or that no page has this address. */
function Notice({ shown }: { shown: boolean }) {
  const where = place.value;
  const nowhere = where.kind === "nowhere" ? `There is nothing at ${where.path}. Sign in to go on.` : "";
  const text = untold.value ? LEFT_OFFLINE : notice.value || nowhere;
  return shown && text !== "" ? (
    <p class="notice" role="status">
      {text}
    </p>
  ) : null;
}

const LEFT_OFFLINE =
  "You are signed out in this browser. The server can't be reached right now: it hears of it as soon as it can.";

/** A picture of what waits behind the door. Decorative. */
function Scene() {
  return (
    <div class="scene" aria-hidden="true">
      <div class="scene-circles">
        <span class="scene-c1" />
        <span class="scene-c2" />
        <span class="scene-c3" />
      </div>
      <div class="scene-words">
        <p class="scene-bubble scene-b1">Is the release out?</p>
        <p class="scene-bubble scene-b2">Twelve minutes ago. All green.</p>
        <p class="scene-bubble scene-b3">Then I owe you a cake.</p>
        <p class="scene-claim">
          Everyone in the room.
          <br />
          Nothing gets lost.
        </p>
        <p class="scene-sub">Your team's rooms, on your own server.</p>
      </div>
    </div>
  );
}

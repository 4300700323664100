import { Mark } from "./parts/Logo";
import { boot, notice, stage } from "./state/session";
import { Shell } from "./views/Shell";
import { Welcome } from "./views/Welcome";

/** What the page shows first depends on whether the visitor is signed in. */
export function App() {
  switch (stage.value) {
    case "loading":
      return (
        <div class="splash" role="status">
          <Mark size={56} />
          <span class="sr-only">Loading</span>
        </div>
      );
    case "unreachable":
      return (
        <main class="splash">
          <Mark size={56} />
          <h1>No answer</h1>
          <p>{notice.value}</p>
          <button type="button" class="button button-main" onClick={boot}>
            Try again
          </button>
        </main>
      );
    case "setup":
    case "signed-out":
      return <Welcome />;
    case "signed-in":
      return <Shell />;
  }
}

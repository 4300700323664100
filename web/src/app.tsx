import { Splash } from "./parts/Splash";
import { boot, notice, stage } from "./state/session";
import { LaterWelcome } from "./views/Later";
import { Shell } from "./views/Shell";

/** What the page shows first depends on whether the visitor is signed in. */
export function App() {
  switch (stage.value) {
    case "loading":
      return <Splash problem="" again={boot} />;
    case "unreachable":
      return <Splash problem={notice.value} again={boot} />;
    case "setup":
    case "signed-out":
      return <LaterWelcome />;
    case "signed-in":
      return <Shell />;
  }
}

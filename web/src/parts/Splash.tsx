import { Mark } from "./Logo";

/** Before there is anything to show; with a `problem`: why there is not. */
export function Splash({ problem, again }: { problem: string; again: () => void }) {
  if (problem === "") {
    return (
      <div class="splash" role="status">
        <Mark size={56} />
        <span class="sr-only">Loading</span>
      </div>
    );
  }
  return (
    <main class="splash">
      <Mark size={56} />
      <h1>No answer</h1>
      <p>{problem}</p>
      <button type="button" class="button button-main" onClick={again}>
        Try again
      </button>
    </main>
  );
}

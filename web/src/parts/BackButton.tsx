import { go } from "../state/route";
import { Icon } from "./Icon";

/** On a phone: from the room to the list of rooms. */
export function BackButton() {
  return (
    <button type="button" class="icon-button back" aria-label="Back to rooms" onClick={() => go(null)}>
      <Icon name="back" />
    </button>
  );
}

import { Icon } from "../parts/Icon";
import { dismiss, notices } from "../state/notices";

/** What could not be done, above the message field. Read aloud when it appears. */
export function Notices() {
  return (
    <div class="notices" role="alert">
      {notices.value.map(({ id, text }) => (
        <p key={id} class="problem">
          <Icon name="alert" size={18} />
          <span>{text}</span>
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <Icon name="close" size={16} />
          </button>
        </p>
      ))}
    </div>
  );
}

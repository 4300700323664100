import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { closeDialog } from "../state/dialogs";
import { currentRoom } from "../state/route";
import { Icon } from "./Icon";

interface Props {
  title: string;
  /** One sentence below the title. */
  lead?: string;
  /** Without a visible title: the content speaks for itself. */
  bare?: boolean;
  class?: string;
  children: ComponentChildren;
}

/**
 * A modal <dialog>: the browser keeps the focus inside, Escape closes it, and the focus goes back to where it was.
 * It is open for as long as it is rendered. An element with `autofocus` inside gets the focus.
 */
export function Dialog({ title, lead, bare = false, class: name = "", children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    const room = currentRoom.peek();
    const element = ref.current;
    element?.showModal();
    element?.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    return () => {
      element?.close();
      // It led to another room: that is where the user goes on, and the composer could not take the focus until now.
      if (currentRoom.peek() !== room) document.getElementById("composer")?.focus();
      else if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const onBackdrop = (event: MouseEvent) => {
    if (event.target === ref.current) closeDialog();
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click on the backdrop is a shortcut; Escape does the same
    <dialog
      ref={ref}
      class={`dialog ${name}`}
      aria-labelledby={bare ? undefined : id}
      aria-label={bare ? title : undefined}
      onClose={closeDialog}
      onClick={onBackdrop}
    >
      <div class="dialog-body">
        {!bare && (
          <header class="dialog-head">
            <div>
              <h2 id={id}>{title}</h2>
              {lead && <p class="lead">{lead}</p>}
            </div>
            <button type="button" class="icon-button" aria-label="Close" onClick={closeDialog}>
              <Icon name="close" />
            </button>
          </header>
        )}
        {children}
      </div>
    </dialog>
  );
}

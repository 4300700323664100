import { type ComponentChildren, createContext } from "preact";
import { useContext, useEffect, useId, useLayoutEffect, useRef } from "preact/hooks";
import { closeDialog } from "../state/dialogs";
import { currentRoom } from "../state/route";
import { Icon } from "./Icon";

/** Whether a dialog is the one on the screen. One that another covers keeps what was typed into it. */
export const OnTop = createContext(true);

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
 * It is open for as long as it is rendered on top. An element with `data-autofocus` inside gets the focus.
 *
 * It never closes itself: who owns what is open (`state/route.ts`) is asked, and takes it away.
 */
export function Dialog({ title, lead, bare = false, class: name = "", children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const top = useContext(OnTop);
  const id = useId();
  const focused = useRef<HTMLElement | null>(null);
  useFocusBack();
  useLayoutEffect(() => {
    const element = ref.current;
    if (!top || element === null) return undefined;
    const was = focused.current;
    element.showModal();
    (was?.isConnected ? was : element.querySelector<HTMLElement>("[data-autofocus]"))?.focus();
    return () => element.close();
  }, [top]);
  // The browser closes by itself only when it does not ask before, as for a second Escape in a row.
  const onClose = (): void => {
    if (top && ref.current?.open === false) closeDialog();
  };
  useBackdrop(ref);
  return (
    <dialog
      ref={ref}
      class={`dialog ${name}`}
      aria-labelledby={bare ? undefined : id}
      aria-label={bare ? title : undefined}
      onCancel={(event) => {
        if (event.target !== ref.current) return; // a file chooser inside bubbles its own
        event.preventDefault();
        closeDialog();
      }}
      onClose={onClose}
      onFocusIn={(event) => {
        focused.current = event.target as HTMLElement;
      }}
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

/** When the dialog is gone, the focus is where it was before. */
function useFocusBack(): void {
  useLayoutEffect(() => {
    const before = document.activeElement;
    const room = currentRoom.peek();
    return () => {
      queueMicrotask(() => {
        // It led to another room: that is where the user goes on, and the composer could not take the focus until now.
        const next = currentRoom.peek() !== room ? document.getElementById("composer") : before;
        if (next instanceof HTMLElement && next.isConnected) next.focus();
      });
    };
  }, []);
}

/**
 * A click on the backdrop closes: one that began and ended there. Whoever drags a selection out of a field ends there,
 * too, and means nothing by it.
 */
function useBackdrop(ref: { current: HTMLDialogElement | null }) {
  const began = useRef(false);
  const ended = useRef(false);
  useEffect(() => {
    const element = ref.current;
    const onDown = (event: Event): void => {
      began.current = event.target === element;
    };
    const onUp = (event: Event): void => {
      ended.current = event.target === element;
    };
    const onClick = (event: Event): void => {
      if (event.target === element && began.current && ended.current) closeDialog();
      began.current = false;
    };
    element?.addEventListener("pointerdown", onDown);
    element?.addEventListener("pointerup", onUp);
    element?.addEventListener("click", onClick);
    return () => {
      element?.removeEventListener("pointerdown", onDown);
      element?.removeEventListener("pointerup", onUp);
      element?.removeEventListener("click", onClick);
    };
  }, []);
}

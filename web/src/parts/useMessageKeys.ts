import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import { isComposing } from "../lib/keys";
import type { Row } from "../lib/timeline";
import { canDelete, entered, focused, hovered, isMine, openMessage, startEdit } from "../state/acting";
import { openDialog } from "../state/dialogs";
import { openThere, target } from "../state/jump";
import { layers } from "../state/route";
import { rowOf } from "./rowsInView";
import { reply } from "./Tools";

/** How long a message that one was led to stands out. */
const MARKED_MS = 2_000;

interface Keys {
  onPointerOver: (event: PointerEvent) => void;
  onPointerLeave: () => void;
  onFocusIn: (event: FocusEvent) => void;
  onFocusOut: (event: FocusEvent) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

/**
 * Which message the pointer or the focus is on, and what keys do there: the arrows lead from message to message, Tab
 * into what can be done with one. Also brings a message on the screen that was asked for (`state/jump.ts`).
 */
export function useMessageKeys(
  room: string,
  ref: RefObject<HTMLElement | null>,
  rows: readonly Row[],
  ready: boolean,
): Keys {
  useEffect(() => {
    const newest = rows.findLast((row) => row.kind === "message")?.key ?? null;
    if (!rows.some((row) => row.key === entered.peek()) || focused.peek() === null) entered.value = newest;
  }, [rows]);
  useEffect(
    () => () => {
      hovered.value = focused.value = null;
    },
    [],
  );
  useTarget(room, ref, ready);
  return {
    onPointerOver: ({ target, pointerType }) => {
      if (pointerType === "mouse") hovered.value = keyAt(target);
    },
    onPointerLeave: () => {
      hovered.value = null;
    },
    onFocusIn: ({ target }) => {
      // A click or a tap on a message shows nothing more than the pointer does.
      const meant = target !== rowAt(target) || rowAt(target)?.matches(":focus-visible") === true;
      focused.value = meant ? keyAt(target) : null;
      entered.value = keyAt(target) ?? entered.peek();
    },
    onFocusOut: ({ currentTarget, relatedTarget }) => {
      // A dialog takes the focus, and gives it back.
      if (layers.peek().length > 0) return;
      if (!(currentTarget as HTMLElement).contains(relatedTarget as Node | null)) focused.value = null;
    },
    onKeyDown,
  };
}

/** Bring the message that was asked for into view and into focus. */
function useTarget(room: string, ref: RefObject<HTMLElement | null>, ready: boolean): void {
  const wanted = target.value;
  useEffect(() => {
    if (wanted?.room !== room || !ready || ref.current === null) return;
    const row = rowOf(ref.current, `m${wanted.seq}`);
    if (row === null) return openThere();
    target.value = null;
    row.scrollIntoView({ block: "center" });
    (row.querySelector("textarea") ?? row).focus({ preventScroll: true });
    row.classList.add("row-marked");
    setTimeout(() => row.classList.remove("row-marked"), MARKED_MS);
  }, [wanted, ready]);
}

function rowAt(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>(".row-message") : null;
}

function keyAt(target: EventTarget | null): string | null {
  return rowAt(target)?.dataset["key"] ?? null;
}

function onKeyDown(event: KeyboardEvent): void {
  const row = rowAt(event.target);
  if (row === null || isComposing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof HTMLTextAreaElement) return;
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    event.preventDefault();
    step(row, event.key === "ArrowUp" ? "previousElementSibling" : "nextElementSibling");
  } else if (event.target === row && act(row, event.key)) {
    event.preventDefault();
  }
}

function step(row: Element, way: "previousElementSibling" | "nextElementSibling"): void {
  let next = row[way];
  while (next !== null && !next.matches(".row-message")) next = next[way];
  if (next instanceof HTMLElement) next.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
}

/** What a key does with the message that has the focus. False: nothing. */
function act(row: HTMLElement, key: string): boolean {
  const name = row.dataset["key"] ?? "";
  const message = name.startsWith("m") ? openMessage(Number(name.slice(1))) : null;
  if (message === null) return false;
  const { seq } = message;
  if (key === "Enter") openDialog("message", { seq });
  else if (key === "r") reply(message);
  else if (key === "+") openDialog("react", { seq });
  else if (key === "e" && isMine(message)) startEdit(message);
  else if (key === "Delete" && canDelete(message)) openDialog("delete", { seq });
  else return false;
  return true;
}

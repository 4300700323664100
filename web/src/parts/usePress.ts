import { useRef } from "preact/hooks";

/** A finger that stays this long means something else than a tap. */
const LONG_MS = 500;
/** One that moves further than this scrolls. */
const SLACK_PX = 10;

interface Press {
  onPointerDown: (event: PointerEvent) => void;
  onPointerMove: (event: PointerEvent) => void;
  onPointerUp: () => void;
  onPointerCancel: () => void;
  onContextMenu: (event: Event) => void;
  onClickCapture: (event: Event) => void;
}

/** Calls `act` when a finger or a pen rests on the element. What the press would do otherwise does not happen. */
export function usePress(act: () => void): Press {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const begin = useRef({ x: 0, y: 0 });
  const acted = useRef(false);
  const end = (): void => {
    clearTimeout(timer.current);
    timer.current = undefined;
  };
  const fire = (): void => {
    end();
    acted.current = true;
    act();
  };
  return {
    onPointerDown: (event) => {
      end();
      acted.current = false;
      if (event.pointerType === "mouse" || !event.isPrimary) return;
      event.stopPropagation(); // it is meant for this element, not for what it stands in
      begin.current = { x: event.clientX, y: event.clientY };
      timer.current = setTimeout(fire, LONG_MS);
    },
    onPointerMove: ({ clientX, clientY }) => {
      const { x, y } = begin.current;
      if (Math.hypot(clientX - x, clientY - y) > SLACK_PX) end();
    },
    onPointerUp: end,
    onPointerCancel: end,
    // Some browsers tell by this that the finger has rested, and then end the press. A link has a menu of its own.
    onContextMenu: (event) => {
      if (event.target instanceof Element && event.target.closest("a") !== null) return end();
      if (timer.current !== undefined) fire();
      if (acted.current) event.preventDefault();
    },
    onClickCapture: (event) => {
      if (!acted.current) return;
      acted.current = false;
      event.preventDefault();
      event.stopPropagation();
    },
  };
}

/**
 * Whether a key press belongs to an input method that is putting a word together: Enter takes the word then, the arrows
 * choose among words. Safari's Enter comes after the end of the composition; only its key code 229 tells
 * (https://www.w3.org/TR/uievents/#determine-keydown-keyup-keyCode).
 */
export function isComposing(event: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean {
  return event.isComposing || event.keyCode === 229;
}

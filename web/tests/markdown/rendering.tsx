import { render as mount } from "preact";
import { Prose } from "../../src/parts/Prose";

/** The elements that a browser would show. */
export function render(text: string): HTMLElement {
  const element = document.createElement("div");
  mount(<Prose text={text} />, element);
  return element.firstElementChild as HTMLElement;
}

export function html(text: string): string {
  return render(text).innerHTML;
}

/** The texts of all elements that `selector` names. */
export function texts(text: string, selector: string): (string | null)[] {
  return Array.from(render(text).querySelectorAll(selector), (element) => element.textContent);
}

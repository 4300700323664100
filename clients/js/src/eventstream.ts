/**
 * The data of the events in a `text/event-stream` (HTML Living Standard section 9.2.6), from chunks that may begin and
 * end anywhere. Event names, ids and retry times are not used here.
 */
export class EventStream {
  readonly #decoder = new TextDecoder(); // takes a byte order mark away
  #rest = "";
  #data: string[] = [];
  /** The last line ended in CR: a LF that follows belongs to it. */
  #cr = false;

  /** The data of each event that this chunk completes. */
  feed(chunk: Uint8Array): string[] {
    const events: string[] = [];
    const text = this.#decoder.decode(chunk, { stream: true });
    let from = 0;
    for (let i = 0; i < text.length; i += 1) {
      const char = text[i];
      if (char !== "\n" && char !== "\r") {
        this.#cr = false;
        continue;
      }
      if (char === "\r" || !this.#cr) {
        this.#line(this.#rest + text.slice(from, i), events);
        this.#rest = "";
      }
      this.#cr = char === "\r";
      from = i + 1;
    }
    this.#rest += text.slice(from);
    return events;
  }

  #line(line: string, events: string[]): void {
    if (line === "") {
      if (this.#data.length > 0) events.push(this.#data.join("\n"));
      this.#data = [];
    } else if (line === "data") this.#data.push("");
    else if (line.startsWith("data:")) this.#data.push(line.slice(line[5] === " " ? 6 : 5));
  }
}

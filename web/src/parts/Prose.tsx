import { type Block, type Item, type List, parseMarkdown } from "../lib/markdown";
import type { Inline } from "../lib/markdown/inline";
import type { Align, Cell, Table } from "../lib/markdown/table";
import { isEmojiOnly } from "../lib/plain";

/** How many parsed texts are kept: a window of messages and what surrounds it. */
const KEEP = 1_000;

const LANGUAGE = /^[\w+#.-]{1,20}$/;

const parsed = new Map<string, readonly Block[]>();

function blocksOf(text: string): readonly Block[] {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const blocks = parseMarkdown(text);
  if (parsed.size >= KEEP) parsed.clear();
  parsed.set(text, blocks);
  return blocks;
}

/** A message's Markdown. */
export function Prose({ text }: { text: string }) {
  const name = isEmojiOnly(text) ? "prose prose-emoji" : "prose";
  return (
    <div class={name} dir="auto">
      <Blocks blocks={blocksOf(text)} />
    </div>
  );
}

// The position is the key throughout: a parsed text never changes.
function Blocks({ blocks }: { blocks: readonly Block[] }) {
  return blocks.map((block, at) => <BlockView key={String(at)} block={block} />);
}

function BlockView({ block }: { block: Block }) {
  switch (block.type) {
    case "paragraph":
      return <p>{block.children.map(inline)}</p>;
    case "plain":
      return <p>{block.text}</p>;
    case "heading": // no heading: it would disturb the page's outline
      return <p class={`heading heading-${block.level}`}>{block.children.map(inline)}</p>;
    case "code":
      return <Code info={block.info} text={block.text} />;
    case "rule":
      return <hr />;
    case "quote":
      return (
        <blockquote>
          <Blocks blocks={block.blocks} />
        </blockquote>
      );
    case "list":
      return <ListView list={block} />;
    case "table":
      return <TableView table={block} />;
  }
}

// What scrolls sideways can be reached, and so scrolled, with the keyboard.
function Code({ info, text }: { info: string; text: string }) {
  const name = LANGUAGE.test(info) ? `language-${info}` : undefined;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <pre tabIndex={0}>
      <code class={name}>{text}</code>
    </pre>
  );
}

function ListView({ list }: { list: List }) {
  const items = list.items.map((item, at) => <ItemView key={String(at)} item={item} />);
  if (list.items[0]?.number === null) return <ul>{items}</ul>;
  const digits = Math.max(...list.items.map((item) => String(item.number).length));
  const width = digits > 4 ? "numbers-longest" : digits > 2 ? "numbers-long" : "numbers";
  return <ol class={list.sign === ")" ? `${width} numbers-bracket` : width}>{items}</ol>;
}

function ItemView({ item }: { item: Item }) {
  const [first] = item.blocks;
  // A single paragraph stands without its own, so that short items stay close together.
  const isShort = item.blocks.length === 1 && first?.type === "paragraph";
  return (
    <li value={item.number ?? undefined} class={item.done === null ? undefined : "task"}>
      {item.done !== null && (
        <span
          role="img"
          class={item.done ? "box box-done" : "box"}
          aria-label={item.done ? "done" : "to do"}
        />
      )}
      {isShort ? first.children.map(inline) : <Blocks blocks={item.blocks} />}
    </li>
  );
}

function TableView({ table }: { table: Table }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see Code
    <section class="table" tabIndex={0} aria-label="Table">
      <table>
        <thead>
          <tr>
            {table.head.map((cell, at) => (
              <th key={String(at)} scope="col" class={classOf(table.align[at])}>
                {cell.map(inline)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, at) => (
            <Row key={String(at)} row={row} align={table.align} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ row, align }: { row: readonly Cell[]; align: readonly Align[] }) {
  return (
    <tr>
      {row.map((cell, at) => (
        <td key={String(at)} class={classOf(align[at])}>
          {cell.map(inline)}
        </td>
      ))}
    </tr>
  );
}

function classOf(align: Align | undefined): string | undefined {
  return align ? `align-${align}` : undefined;
}

function inline(node: Inline, at: number) {
  if (typeof node === "string") return node;
  const key = String(at);
  switch (node.type) {
    case "code":
      return <code key={key}>{node.text}</code>;
    case "strong":
      return <strong key={key}>{node.children.map(inline)}</strong>;
    case "em":
      return <em key={key}>{node.children.map(inline)}</em>;
    case "del":
      return <del key={key}>{node.children.map(inline)}</del>;
    case "link":
      return (
        <a
          key={key}
          href={node.href}
          title={node.title ?? undefined}
          target="_blank"
          rel="noopener noreferrer nofollow"
        >
          {node.children.map(inline)}
        </a>
      );
  }
}

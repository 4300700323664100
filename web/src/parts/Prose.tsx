import type { Inline } from "../lib/inline";
import { type Block, parseMarkdown } from "../lib/markdown";
import { isEmojiOnly } from "../lib/plain";

/** How many parsed texts are kept: a window of messages and what surrounds it. */
const KEEP = 1_000;

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
    case "heading": // no heading: it would disturb the page's outline
      return (
        <p>
          <strong>{block.children.map(inline)}</strong>
        </p>
      );
    case "code":
      return (
        <pre>
          <code>{block.text}</code>
        </pre>
      );
    case "rule":
      return <hr />;
    case "quote":
      return (
        <blockquote>
          <Blocks blocks={block.blocks} />
        </blockquote>
      );
    case "list":
      return <List block={block} />;
    case "table":
      return <Table block={block} />;
  }
}

function List({ block }: { block: Block & { type: "list" } }) {
  const items = block.items.map((blocks, at) => {
    // A single paragraph stands without its own, so that short items stay close together.
    const only = blocks.length === 1 ? blocks[0] : undefined;
    return (
      <li key={String(at)}>
        {only?.type === "paragraph" ? only.children.map(inline) : <Blocks blocks={blocks} />}
      </li>
    );
  });
  return block.start === null ? <ul>{items}</ul> : <ol start={block.start}>{items}</ol>;
}

function Table({ block }: { block: Block & { type: "table" } }) {
  return (
    <table>
      <thead>
        <tr>
          {block.head.map((cell, at) => (
            <th key={String(at)} scope="col">
              {cell.map(inline)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {block.rows.map((row, at) => (
          <tr key={String(at)}>
            {row.map((cell, column) => (
              <td key={String(column)}>{cell.map(inline)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function inline(node: Inline, at: number) {
  if (typeof node === "string") return node;
  const key = String(at);
  switch (node.type) {
    case "break":
      return <br key={key} />;
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
        <a key={key} href={node.href} target="_blank" rel="noopener noreferrer nofollow">
          {node.children.map(inline)}
        </a>
      );
  }
}

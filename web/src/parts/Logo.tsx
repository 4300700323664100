/** Three voices of different size, close together: the mark. Decorative: the name stands beside it. */
export function Mark({ size = 32 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 40 40" aria-hidden="true" focusable="false">
      <path
        class="mark-big"
        d="M17 5a13.5 13.5 0 1 1-5.2 25.96L4.6 34.2a1 1 0 0 1-1.36-1.25l2.3-6.1A13.5 13.5 0 0 1 17 5Z"
      />
      <circle class="mark-mid" cx="29.2" cy="13.2" r="8.3" />
      <circle class="mark-small" cx="30.6" cy="29.8" r="5.4" />
    </svg>
  );
}

export function Wordmark({ name, size = 28 }: { name: string; size?: number }) {
  return (
    <span class="wordmark">
      <Mark size={size} />
      <span>{name}</span>
    </span>
  );
}

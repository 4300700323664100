/** Stands where there is nothing to read. Decorative. */
export function EmptyPicture() {
  return (
    <svg
      class="empty-picture"
      width="168"
      height="120"
      viewBox="0 0 168 120"
      aria-hidden="true"
      focusable="false"
    >
      <path
        class="mark-big"
        d="M66 12a42 42 0 1 1-16.2 80.8L27 102.6a3 3 0 0 1-4-3.9l7-18.6A42 42 0 0 1 66 12Z"
      />
      <circle class="mark-mid" cx="112" cy="36" r="26" />
      <circle class="mark-small" cx="117" cy="88" r="17" />
      <path class="empty-lines" d="M48 44h34M44 56h44M50 68h24M104 32h17M101 41h22M111 88h12" />
    </svg>
  );
}

/** Grey shapes in the place of what is being loaded. Screen readers hear the label instead. */
export function MessageSkeleton({ label }: { label: string }) {
  return (
    <div class="skeletons" role="status">
      <span class="sr-only">{label}</span>
      {[72, 48, 86, 40, 64].map((width) => (
        <div key={width} class="skeleton-message" aria-hidden="true">
          <span class="bone bone-avatar" />
          <span class="bone-lines">
            <span class="bone bone-short" />
            <span class={`bone bone-${width}`} />
          </span>
        </div>
      ))}
    </div>
  );
}

export function RoomSkeleton() {
  return (
    <div class="skeleton-rooms" role="status">
      <span class="sr-only">Loading your rooms</span>
      {[64, 86, 48, 72].map((width) => (
        <span key={width} class={`bone bone-room bone-${width}`} aria-hidden="true" />
      ))}
    </div>
  );
}

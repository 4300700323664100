export * from "./api.js";
export { HubbubError } from "./errors.js";
export { Hubbub } from "./hubbub.js";
export { IndexedDbStorage } from "./indexeddb.js";
export { MemoryStorage } from "./memory.js";
export type { OutboxStorage, StoredOutgoing } from "./storage.js";
export type { Events, Options, Outgoing, Phase, State } from "./types.js";
export type * from "./vocabulary.js";
export { CloseCode } from "./vocabulary.js";

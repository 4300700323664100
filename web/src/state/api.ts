import { Api } from "hubbub-client";

/** The REST API of the server that this page comes from, signed in by the cookie. */
export const api = new Api();

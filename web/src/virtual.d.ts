/** See web/emoji.ts. */
declare module "virtual:emoji" {
  const table: string;
  export default table;
}
